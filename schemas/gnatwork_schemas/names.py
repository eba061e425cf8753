"""What things may be called. Every name is one NATS subject token, so none holds a dot or a wildcard."""

from typing import Annotated

from pydantic import StringConstraints

NAME_PATTERN = r"^[a-z0-9][a-z0-9_-]{0,62}$"
BLOCK_TYPE_PATTERN = r"^[a-z0-9][a-z0-9-]{0,62}$"
BLOCK_ID_PATTERN = r"^[A-Za-z0-9_-]{1,64}$"
#: A block id, or that of a step which the compiler or the scheduler adds beside a block, such as `tell:when`,
#: or the condition of a loop, `:while`.
TASK_NAME_PATTERN = r"^([A-Za-z0-9_-]{1,64}(:[a-z]{1,16})?|:[a-z]{1,16})$"
#: The path of a task, such as `each/3/notify`: nothing that means something else in a subject.
TASK_PATH_PATTERN = r"^[A-Za-z0-9_:/-]{1,1024}$"
LOOP_NAME_PATTERN = r"^[A-Za-z_$][A-Za-z0-9_$]{0,63}$"
PORT_PATTERN = r"^[A-Za-z0-9_-]{1,64}$"
RUN_ID_PATTERN = r"^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$"

#: A namespace, workflow, trigger, connection or signal.
Name = Annotated[str, StringConstraints(pattern=NAME_PATTERN)]
#: What a block does, such as `fetch`; a breaking change is a new type.
BlockTypeName = Annotated[str, StringConstraints(pattern=BLOCK_TYPE_PATTERN)]
#: A step of a definition; unique among its siblings and none of `RESERVED_ROOTS`.
BlockId = Annotated[str, StringConstraints(pattern=BLOCK_ID_PATTERN)]
#: A block id, or that of an implicit step beside it.
TaskName = Annotated[str, StringConstraints(pattern=TASK_NAME_PATTERN)]
#: What a loop calls its item; fit for templates and for JavaScript.
LoopName = Annotated[str, StringConstraints(pattern=LOOP_NAME_PATTERN)]
#: UUIDv7, lower case: sorts by the time of submission.
RunId = Annotated[str, StringConstraints(pattern=RUN_ID_PATTERN)]

#: The first words of template paths that never name a block.
RESERVED_ROOTS = frozenset({"input", "blocks", "run", "trigger", "item", "index", "previous", "error", "connections"})

DEFAULT_NAMESPACE = "default"
#: The workflow name of a run whose definition gives none.
ADHOC_WORKFLOW = "adhoc"
