"""Implicit tasks: steps that the scheduler adds, so that large values never pass through it.

The executors that host the group `logic` run them. Their types are in no definition and in no list of blocks; their
configs and outputs are below.
"""

from typing import Any

from gnatwork_schemas.model import Model
from gnatwork_schemas.names import Name, RunId
from gnatwork_schemas.payload import ItemsRef

#: `<loop>:expand` stores the items of a loop: `Expand` to `Expanded`.
EXPAND = "expand"
#: `<block>:collect` gathers the results of a loop or group: `Collect` to an array or object.
COLLECT = "collect"
#: `<block>:start` starts a child run: `StartRun` to `StartedRun`.
START_RUN = "start-run"
#: `<block>:result` fetches the output of a child run that completed: `RunResult` to that output.
RUN_RESULT = "run-result"
#: A task that completed in the run of which this one is a retry: `ReuseOutput` to what it yielded there.
REUSE = "reuse"
#: `<block>:render` resolves a config for the scheduler: any config to itself, its deferred leaves resolved.
RENDER = "render"

IMPLICIT_TYPES = frozenset({EXPAND, COLLECT, START_RUN, RUN_RESULT, REUSE, RENDER})


class Expand(Model):
    """Config of `expand`."""

    #: What is to be an array.
    items: Any
    #: More items than these are the error `loop.too_many`.
    max: int


class Expanded(Model):
    """Output of `expand`. What is no array is the error `loop.not_an_array`."""

    items: ItemsRef


#: Where a result lies: the sequence of the outcome in history (an output yields its value, an error `{"error": …}`),
#: nothing (null), or an object of such.
Result = int | None | dict[str, "Result"]


class Collect(Model):
    """Config of `collect`. `results` is an array for a loop, an object for a group."""

    results: Any


class StartRun(Model):
    """Config of `start-run`. The id of the new run follows from the task and its attempt."""

    name: Name
    #: None is the published one.
    version: int | None = None
    input: Any = None
    wait: bool = True
    #: Of the run that asks.
    depth: int = 0


class StartedRun(Model):
    """Output of `start-run`."""

    run_id: RunId
    workflow: Name


class RunResult(Model):
    """Config of `run-result`."""

    run_id: RunId
    workflow: Name


class ReuseOutput(Model):
    """Config of `reuse`."""

    run_id: RunId
    #: Of the event that completed the task there: an output, a signal, or a timer that fired (which yields null).
    sequence: int
