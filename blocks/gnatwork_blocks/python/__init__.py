"""Python of users, interpreted in processes that can be killed and can reach nothing.

`service` is what blocks see; `worker` runs in a worker process, behind walls like those of JavaScript, and `calling`
does the work there with Monty, whose interpreter is a process of its own behind the same walls. `full` is CPython, for
executors that allow it. Nothing is imported here: a worker process pays for what it needs alone.
"""
