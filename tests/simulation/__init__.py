"""The real scheduler and executor against a model of the server, under virtual time and seeded chance.

A seed stands for everything that happens, so one that fails fails again. `make simulate SEEDS=2000 START=0`.
"""
