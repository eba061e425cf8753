"""What a task is to the fold: who does its work, and what its outcome means."""

from enum import Enum

from gnatwork_schemas.control_block import Kind
from gnatwork_schemas.definition import Retry

#: How implicit tasks are tried again: what they need is the engine's own, and comes back.
ENGINE_RETRY = Retry(max_attempts=20, initial=1.0, factor=2.0, max=30.0)
#: The same for a slice of a program; one that takes too long would do so again.
SLICE_RETRY = ENGINE_RETRY.model_copy(update={"not_on": ("block.timeout",)})


class Role(Enum):
    """The roles; the first seven are blocks that people write, the others implicit steps."""

    TASK = "task"
    LOOP = "loop"
    EACH = "each"
    GROUP = "group"
    DELAY = "delay"
    WAIT = "wait"
    CHILD = "workflow"
    SCRIPT = "script"
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
    #: Runs a program until it waits for its steps.
    SLICE = "slice"
    #: Asks whether a loop goes on.
    CONDITION = "condition"
    #: Undoes a block.
    UNDO = "undo"

    #: Whether it has iterations.
    goes_round: bool
    #: Whether it is a step of the block beside it.
    serves: bool

    def __init__(self, name: str) -> None:
        # Looked up at each event, so not to be searched for.
        self.goes_round = name in {"loop", "each"}
        self.serves = name in {"expand", "collect", "start", "result", "render", "slice"}


ROLE_OF_KIND: dict[Kind, Role] = {
    "task": Role.TASK,
    "loop": Role.LOOP,
    "each": Role.EACH,
    "group": Role.GROUP,
    "delay": Role.DELAY,
    "wait": Role.WAIT,
    "workflow": Role.CHILD,
    "script": Role.SCRIPT,
}
