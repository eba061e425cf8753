"""What a task is to the fold: who does its work, and what its outcome means."""

from enum import Enum

from gnatwork_schemas.control_block import Kind
from gnatwork_schemas.definition import Retry

#: How implicit tasks are tried again: what they need is the engine's own, and comes back.
ENGINE_RETRY = Retry(max_attempts=20, initial=1.0, factor=2.0, max=30.0)


class Role(Enum):
    """The roles; the first six are blocks that people write, the others implicit steps."""

    TASK = "task"
    LOOP = "loop"
    EACH = "each"
    GROUP = "group"
    DELAY = "delay"
    WAIT = "wait"
    CHILD = "workflow"
    #: Stores the items of a loop.
    EXPAND = "expand"
    #: Gathers the results of a loop or group.
    COLLECT = "collect"
    #: Starts a child run.
    START = "start"
    #: Fetches the output of a child run.
    RESULT = "result"
    #: Resolves the config of a block that the scheduler steers.
    RENDER = "render"
    #: Asks whether a loop goes on.
    CONDITION = "condition"
    #: Undoes a block.
    UNDO = "undo"

    @property
    def goes_round(self) -> bool:
        """Whether it has iterations."""
        return self in {Role.LOOP, Role.EACH}

    @property
    def serves(self) -> bool:
        """Whether it is a step of the block beside it, of its `owner`."""
        return self in {Role.EXPAND, Role.COLLECT, Role.START, Role.RESULT, Role.RENDER}

    @property
    def steered(self) -> bool:
        """Whether no executor does its work, so that nothing of it is ever queued."""
        return self in _STEERED


_STEERED = frozenset({Role.LOOP, Role.EACH, Role.GROUP, Role.DELAY, Role.WAIT, Role.CHILD})

ROLE_OF_KIND: dict[Kind, Role] = {
    "task": Role.TASK,
    "loop": Role.LOOP,
    "each": Role.EACH,
    "group": Role.GROUP,
    "delay": Role.DELAY,
    "wait": Role.WAIT,
    "workflow": Role.CHILD,
}
