"""Steps: what a program asks for, as blocks that no plan knows."""

from typing import Any

from gnatwork_engine.core.children import waits
from gnatwork_engine.core.folding import Fold
from gnatwork_engine.core.plan import Body, PlannedBlock, implicit_steps
from gnatwork_engine.core.roles import ROLE_OF_KIND, Role
from gnatwork_engine.core.state import Frame, RunState
from gnatwork_engine.render import Rendered, Renderer, Scope
from gnatwork_schemas.control_block import ControlledBlock

#: Settled steps of which others may still have to be told; an event that comes again is never that far back.
_KEPT = 10_000


class Given(Renderer):
    """The config of a step, which is rendered as it comes."""

    __slots__ = ("rendered",)

    def __init__(self, config: Any, deferred: tuple[str, ...]) -> None:
        super().__init__(config, ())
        self.rendered = Rendered(config, deferred)

    def render(self, scope: Scope) -> Rendered:  # noqa: ARG002 - what all renderers take
        """The config with its deferred leaves."""
        return self.rendered


def step_of(block: ControlledBlock, deferred: tuple[str, ...] = ()) -> PlannedBlock:
    """A step. What becomes of it is for the program to know, so it is no failure of the scope."""
    return PlannedBlock(block, ROLE_OF_KIND[block.kind], Given(block.config, deferred), caught=True)


def scope_of_steps(state: RunState, frame: Frame, key: str) -> Frame:
    """The scope of a script, as yet without steps."""
    body = Body(blocks={}, stepwise=True)
    return Frame(f"{frame.path(key)}/", body, state.root.scope, {}, {}, 0, frame, key, begun=True)


def add(frame: Frame, planned: PlannedBlock) -> None:
    """Make a step known to the scope of its script."""
    frame.body.blocks.update((step.block.id, step) for step in (planned, *implicit_steps(planned)))


def forget(fold: Fold, frame: Frame, key: str) -> None:
    """A step is settled: nothing of it is needed but what others may yet have to be told of it."""
    planned, state = frame.body.planned(key), fold.state
    block = planned.block
    if block.type_concurrency is not None or (planned.role is Role.CHILD and waits(block.config)):
        brief = {"id": key, "type": block.type, "kind": block.kind, "type_concurrency": block.type_concurrency}
        state.answerable[frame.path(key)] = step_of(ControlledBlock.model_validate({**brief, "config": {}}))
        if len(state.answerable) > _KEPT:
            state.answerable.popitem(last=False)
    if fold.plan.keep_all:
        return
    state.count(frame.block_path(key), frame.tasks[key].status)
    for step in (planned, *implicit_steps(planned)):
        frame.tasks.pop(step.block.id, None)
        del frame.body.blocks[step.block.id]
