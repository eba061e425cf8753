"""What a slice of a program is told: what became of its steps, as it was when the slice began."""

from gnatwork_engine.core.plan import PlannedBlock, value_at
from gnatwork_engine.core.scope import task_scope
from gnatwork_engine.core.script_state import Line, ScriptState
from gnatwork_engine.core.state import Frame, RunState
from gnatwork_engine.render import Rendered, Scope
from gnatwork_schemas.control_block import Script

#: More steps than these may be too long for a message.
_MANY = 150


def slice_config(state: RunState, frame: Frame, key: str) -> Rendered:
    """The config of the present slice of a script: the same however often it is asked for. Raises TemplateError."""
    planned, script = frame.body.planned(key), frame.tasks[key].script
    if script is None:
        return Rendered(None)
    args, deferred = _args(frame, key, planned, script)
    config = {
        "control_block": state.start.control_block,
        "block": frame.block_path(key),
        "args": args,
        "function": script.function,
        "steps": _known(script),
        "seen": script.seen,
        "first": script.first,
        "room": room(script, rules(planned)),
        "began_at": script.began_at,
    }
    return Rendered(config, tuple(f"/args{pointer}" for pointer in deferred))


def room(script: ScriptState, program: Script) -> int:
    """How many steps the present slice may ask for."""
    under_way = len(script.past) - (script.told or 0)
    return max(0, min(program.concurrency - under_way, program.max_steps - script.asked))


def rules(planned: PlannedBlock) -> Script:
    """The program of a script block."""
    if planned.block.script is None:
        raise LookupError(planned.block.id)
    return planned.block.script


def is_long(frame: Frame, key: str) -> bool:
    """Whether the steps that the present slice of a script is told of may be too long for a message."""
    script = frame.tasks[key].script
    return script is not None and len(script.past) > _MANY


def _known(script: ScriptState) -> list[Line]:
    """The steps as the slice knows them: what has settled since it began has not settled for it."""
    told = script.told or 0
    if script.settled == told:
        return script.past.copy()
    return [step if step[3] is None or step[3] < told else (*step[:2], None, None) for step in script.past]


def _args(frame: Frame, key: str, planned: PlannedBlock, script: ScriptState) -> Rendered:
    scope = task_scope(frame, key)
    if not script.transitions:
        return planned.renderer.render(scope)
    # As an output of a block: it may be a reference to a payload.
    memory = Scope(None, {"memory": script.memory}, scope.run, scope.trigger)
    return value_at("blocks", "memory").render(memory)
