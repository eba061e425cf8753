"""Flows in one process, without NATS: for notebooks, tests and small jobs.

A definition runs here by the same pure core and the same blocks as under NATS, so it moves there without a change; what
it does not have here is a memory: when the process ends, so does the run.

An ordered list of plain async functions runs as well, each `context -> updates`.
"""

from gnatwork.local.flow import LocalFlow, open_local, run_local, stream_local

__all__ = ["LocalFlow", "open_local", "run_local", "stream_local"]
