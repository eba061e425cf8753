"""JavaScript of users, evaluated in worker processes that can be killed and can reach nothing.

`service` is what blocks see, `pool` and `process` are the executor's side of it; `worker` runs in the worker process,
with `hardening` and `seccomp` for its walls and `evaluation` and `prelude.js` for the work. Nothing is imported here: a
worker process pays for what it needs alone.
"""
