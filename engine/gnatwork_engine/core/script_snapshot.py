"""Scripts under way as JSON and back: of each open step its block, of each settled one a line."""

from dataclasses import fields
from typing import Any

from gnatwork_engine.core.script_state import ScriptState
from gnatwork_engine.core.state import Frame, RunState
from gnatwork_engine.core.steps import add, scope_of_steps, step_of
from gnatwork_schemas.control_block import ControlledBlock
from gnatwork_schemas.error import ErrorInfo
from gnatwork_schemas.implicit import Transition

_NAMES = tuple(field.name for field in fields(ScriptState))


def freeze_script(script: ScriptState) -> dict[str, Any]:
    """A program under way as JSON."""
    frozen = {name: getattr(script, name) for name in _NAMES}
    frozen["next"] = script.next.model_dump(mode="json") if script.next else None
    frozen["error"] = script.error.model_dump(mode="json", exclude_defaults=True) if script.error else None
    return frozen


def thaw_script(frozen: dict[str, Any]) -> ScriptState:
    """The same back again."""
    special = {
        "past": [(digest, name, sequence, order) for digest, name, sequence, order in frozen["past"]],
        "next": Transition.model_validate(frozen["next"]) if frozen["next"] else None,
        "error": ErrorInfo.model_validate(frozen["error"]) if frozen["error"] else None,
    }
    return ScriptState(**{**frozen, **special})


def freeze_steps(frame: Frame) -> list[Any]:
    """The steps that a scope knows, with what of their configs is deferred."""
    return [
        [_brief(planned.block), list(planned.renderer.render(frame.scope).deferred)]
        for key, planned in frame.body.blocks.items()
        if ":" not in key
    ]


def thaw_steps(state: RunState, frame: Frame, owner: str, steps: list[Any]) -> Frame:
    """The scope of a script in `frame` again, with its steps but without their tasks."""
    scope = scope_of_steps(state, frame, owner)
    for block, deferred in steps:
        add(scope, step_of(ControlledBlock.model_validate(block), tuple(deferred)))
    return scope


def freeze_answerable(state: RunState) -> list[Any]:
    """What is left of steps that are gone."""
    return [[path, _brief(planned.block)] for path, planned in state.answerable.items()]


def thaw_answerable(state: RunState, frozen: list[Any]) -> None:
    """The same back again."""
    state.answerable.update((path, step_of(ControlledBlock.model_validate(block))) for path, block in frozen)


def _brief(block: ControlledBlock) -> dict[str, Any]:
    return block.model_dump(mode="json", exclude_defaults=True)
