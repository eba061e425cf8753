"""A whole installation of real processes under load, killed, frozen and cut off; then its history is checked.

`make chaos RUNS=10000 KILLS=200 SEED=1`. `docs/reliability.md` says what is done and what is checked.
"""
