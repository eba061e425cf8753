"""Who replies to the caller that waits for a run."""

from collections.abc import Iterator, Sequence

from gnatwork_engine.core.plan import ON_FAILURE
from gnatwork_engine.core.state import RunState
from gnatwork_schemas.control_block import ControlBlock, ControlledBlock
from gnatwork_schemas.status import TaskStatus


def reply_paths(control_block: ControlBlock) -> tuple[str, ...]:
    """The tasks whose output is the reply: outside of loops, but also in groups and in `on_failure`."""
    return (*_replying(control_block.blocks, ""), *_replying(control_block.on_failure, f"{ON_FAILURE}/"))


def first_reply(control_block: ControlBlock, state: RunState) -> object:
    """The output of the first task that replied; None when none has. Of a state that keeps all outputs."""
    found = [place for path in reply_paths(control_block) if (place := state.find(path))]
    completed = [(frame, key) for frame, key in found if frame.tasks[key].status is TaskStatus.COMPLETED]
    first = min(completed, key=lambda place: place[0].tasks[place[1]].ended_at or 0.0, default=None)
    return None if first is None else first[0].outputs.get(first[1])


def _replying(blocks: Sequence[ControlledBlock], prefix: str) -> Iterator[str]:
    for block in blocks:
        if block.responds:
            yield f"{prefix}{block.id}"
        if block.kind == "group":
            yield from _replying(block.blocks, f"{prefix}{block.id}/")
