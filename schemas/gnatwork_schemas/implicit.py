"""Implicit tasks: steps that the scheduler adds, so that large values never pass through it, nor programs of users.

The executors that host the group `logic` run them, those of `code` run slices. Their types are in no definition and in
no list of blocks; their configs and outputs are below.
"""

from typing import Any, NamedTuple

from pydantic import Field

from gnatwork_schemas.control_block import ControlledBlock
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

#: `<block>:slice-<n>` runs a program until it waits for steps: `Slice` to `Sliced`. Executors of `code` do it.
SLICE = "slice"

IMPLICIT_TYPES = frozenset({EXPAND, COLLECT, START_RUN, RUN_RESULT, REUSE, RENDER, SLICE})


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


#: How the name of a slice's task goes on after that of its block; its number follows.
_SLICE = ":slice-"


def is_slice(task: str) -> bool:
    """Whether a task, by its path or its name, runs a slice of a program: its output is a `Sliced`."""
    return _SLICE in task


def slice_name(block: str, number: int) -> str:
    """The name of the task that runs a slice of a block's program."""
    return f"{block}{_SLICE}{number}"


def unnumbered(task: str) -> str:
    """What all slices of a program are called together; of any other task its own name."""
    name, mark, _ = task.rpartition(_SLICE)
    return f"{name}{_SLICE[:-1]}" if mark else task


class PastStep(NamedTuple):
    """A step that a program has asked for since it entered its present state.

    As JSON `[digest, name, sequence, order]`; the last two are null as long as nothing has settled it.
    """

    #: Of what was asked for: a program that now asks for something else in its place is not deterministic.
    digest: str
    #: What it was, for people: `fetch`, `sleep`, `wait approval`.
    name: str
    #: Sequence of the event in history that says what came of it: an output, an error, a signal. A delay yields null,
    #: whatever the event.
    sequence: int | None = None
    #: How many steps of the present state were settled before it. A program hears of outcomes in this order, so that
    #: each replay goes the same way; a signal, say, may have been there long before it was taken.
    order: int | None = None


class Slice(Model):
    """Config of `slice`. The program itself is in the control block."""

    #: Digest of the control block, and the path of the block in it, without indexes.
    control_block: str
    block: str
    #: What it is called with: the config of the block, or the memory that the last transition left.
    args: Any = None
    #: The function that is called: `entry`, or where the last transition leads.
    function: str
    #: The steps so far, in the order in which they were asked for.
    steps: tuple[PastStep, ...] = ()
    #: How many of `steps` were settled when the program last ran in this state; what it did up to there is not told
    #: again. None if it has not run in it.
    seen: int | None = None
    #: The number of the first of `steps` within the block: those of earlier states came before.
    first: int = 0
    #: How many more steps may be asked for now; it may be none.
    room: int
    #: When the program entered its present state, Unix seconds: its clock begins there.
    began_at: float


class NewStep(Model):
    """A step that a program asks for."""

    #: Of what is asked for; kept as long as the state lasts, so it is short.
    digest: str = Field(min_length=1, max_length=64)
    name: str = Field(max_length=100)
    #: As a block of a control block: a `task`, `delay`, `wait` or `workflow`, without templates and needs. Its id is
    #: its number in the block.
    block: ControlledBlock
    #: Pointers of deferred leaves in the block's config: what is too large for a message, and connections.
    deferred: tuple[str, ...] = ()


class Transition(Model):
    """The program goes over to another function, and what came before is forgotten."""

    function: str = Field(min_length=1, max_length=128)
    #: What that function is called with; may be a reference to a payload of the run.
    memory: Any = None


class Sliced(Model):
    """Output of `slice`: the program waits for steps, goes over to another state, or is done.

    What it throws is the error of the task, which is not retryable, and so of the block.
    """

    #: New steps, in order; they follow those of `Slice.steps`, and are at most `Slice.room`.
    steps: tuple[NewStep, ...] = ()
    #: Whether it would ask for more at once if there was room.
    more: bool = False
    transition: Transition | None = None
    done: bool = False
    #: What it yields when it is done; may be a reference to a payload of the run.
    output: Any = None
