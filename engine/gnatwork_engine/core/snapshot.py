"""A state as JSON and back, so that a long history need not be folded from its beginning. A cache, never the truth."""

from array import array
from base64 import b64decode, b64encode
from collections import OrderedDict, deque
from dataclasses import fields
from typing import Any

from gnatwork_engine.core.event import Event
from gnatwork_engine.core.plan import ON_FAILURE, Body, Plan
from gnatwork_engine.core.scope import failure_scope, inner_scope, item_scope, task_scope
from gnatwork_engine.core.script_snapshot import (
    freeze_answerable,
    freeze_script,
    freeze_steps,
    thaw_answerable,
    thaw_script,
    thaw_steps,
)
from gnatwork_engine.core.start import new_run
from gnatwork_engine.core.state import UNDO, Closing, Frame, LoopState, RunState, Tail, TaskState, Undo, Waiting
from gnatwork_schemas import subjects
from gnatwork_schemas.error import ErrorInfo
from gnatwork_schemas.messages import Cancelled, ChildEnded, Complete, Failed, Message, Start, TimedOut
from gnatwork_schemas.payload import ItemsRef
from gnatwork_schemas.status import RunStatus, TaskStatus

#: Changes with the state; a snapshot of another version is as good as none.
SNAPSHOT_VERSION = 2

_ENDS: dict[str, type[Message]] = {
    subjects.COMPLETE: Complete,
    subjects.FAILED: Failed,
    subjects.CANCELLED: Cancelled,
    subjects.TIMED_OUT: TimedOut,
}
#: Fields of a run that are plain JSON, or sets and dicts of it.
_PLAIN = (
    "started_at", "gate_cause", "limits", "slots", "active", "waiting", "paused", "held", "epoch",
    "finished", "kept_signals", "sequence",
)  # fmt: skip


def freeze(state: RunState) -> dict[str, Any]:
    """The state of a run that has not ended, as JSON."""
    return {
        "v": SNAPSHOT_VERSION,
        "base": state.base,
        "start": state.start.model_dump(mode="json", exclude_defaults=True),
        "start_sequence": state.start_sequence,
        "created_at": state.created_at,
        "traceparent": state.traceparent,
        "status": state.status,
        "reuse": state.reuse,
        **{name: getattr(state, name) for name in _PLAIN},
        "gates": list(state.gates),
        "held_timers": [list(held) for held in state.held_timers],
        "timers": sorted(state.timers),
        "caused": [[sequence, list(paths)] for sequence, paths in sorted(state.caused.items())],
        "signals": {name: [list(kept) for kept in signals] for name, signals in sorted(state.signals.items())},
        "waiters": {name: list(paths) for name, paths in sorted(state.waiters.items())},
        "undos": [_freeze_undo(undo) for undo in state.undos.values()],
        "tail": _freeze_tail(state.tail) if state.tail else None,
        "answerable": freeze_answerable(state),
        "closing": _freeze_closing(state.closing) if state.closing else None,
        # In the order in which they were opened, outer ones first: what is inside is put into them.
        "frames": [_freeze_frame(name, frame) for name, frame in state.frames.items()],
    }


def thaw(plan: Plan, frozen: dict[str, Any]) -> RunState:
    """The state again. Raises LookupError, TypeError or ValueError for what is no snapshot of this plan and version."""
    if frozen["v"] != SNAPSHOT_VERSION:
        raise ValueError(f"a snapshot of version {frozen['v']}")
    start = Start.model_validate(frozen["start"])
    event = Event(frozen["base"], subjects.START, frozen["start_sequence"], frozen["created_at"], start)
    state = new_run(plan, event, start, frozen["reuse"])
    state.traceparent = frozen["traceparent"]
    state.status = RunStatus(frozen["status"])
    for name in _PLAIN:
        setattr(state, name, frozen[name])
    state.gates = deque(frozen["gates"])
    state.held_timers = [(timer, sequence) for timer, sequence in frozen["held_timers"]]
    state.timers = set(frozen["timers"])
    state.caused = {sequence: dict.fromkeys(paths) for sequence, paths in frozen["caused"]}
    state.signals = {name: deque((data, at) for data, at in kept) for name, kept in frozen["signals"].items()}
    state.waiters = {name: OrderedDict.fromkeys(paths) for name, paths in frozen["waiters"].items()}
    undos = [_thaw_undo(plan, undo) for undo in frozen["undos"]]
    state.undos = {undo.path: undo for undo in undos}
    state.tail = _thaw_tail(frozen["tail"], undos) if frozen["tail"] else None
    state.closing = _thaw_closing(frozen["closing"]) if frozen["closing"] else None
    thaw_answerable(state, frozen["answerable"])
    for frame in frozen["frames"]:
        _thaw_frame(plan, state, frame)
    return state


def _sparse(value: Any, empty: Any, special: dict[str, Any]) -> dict[str, Any]:
    """The fields of a dataclass that differ from those of an empty one."""
    names = [field.name for field in fields(value)]
    found = {name: getattr(value, name) for name in names if getattr(value, name) != getattr(empty, name)}
    return {name: special[name](item) if name in special else item for name, item in found.items()}


def _freeze_frame(name: str, frame: Frame) -> dict[str, Any]:
    return {
        "name": name,
        "prefix": frame.prefix,
        "parent": None if frame.parent is None else frame.parent.prefix,
        "owner": frame.owner,
        "index": frame.index,
        "begun": frame.begun,
        "unsettled": frame.unsettled,
        "outputs": frame.outputs,
        "failing": _dump(frame.failing),
        "failed_at": frame.failed_at,
        "tasks": {key: _sparse(task, _NO_TASK, _TASK_OUT) for key, task in frame.tasks.items()},
        **({"steps": freeze_steps(frame)} if frame.body.stepwise else {}),
    }


def _freeze_loop(loop: LoopState) -> dict[str, Any]:
    frozen = _sparse(loop, _NO_LOOP, _LOOP_OUT)
    frozen.pop("sequences", None)
    if loop.sequences:
        frozen["sequences"] = b64encode(loop.sequences.tobytes()).decode()
    return frozen


def _thaw_frame(plan: Plan, state: RunState, frozen: dict[str, Any]) -> None:
    outputs, tasks = frozen["outputs"], {key: _thaw_task(task) for key, task in frozen["tasks"].items()}
    name = frozen["name"]
    if name == UNDO:
        body = Body(blocks={undo.path: undo.planned for undo in state.undos.values()})
        frame = Frame("", body, state.root.scope, outputs, tasks, 0)
    elif name == "":
        frame = state.root
        frame.outputs.update(outputs)
        frame.tasks = tasks
    elif name == ON_FAILURE:
        body = plan.on_failure or Body({})
        scope = failure_scope(state.root.scope, outputs, state.tail.error if state.tail else None)
        frame = Frame(frozen["prefix"], body, scope, outputs, tasks, 0)
    else:
        frame = _thaw_inner(state, frozen, outputs, tasks)
    frame.index, frame.begun = frozen["index"], frozen["begun"]
    frame.unsettled = frozen["unsettled"]
    frame.failing, frame.failed_at = _error(frozen["failing"]), frozen["failed_at"]
    state.frames[name] = frame


def _thaw_inner(state: RunState, frozen: dict[str, Any], outputs: dict[str, Any], tasks: dict[str, TaskState]) -> Frame:
    parent, owner = state.frames[frozen["parent"][:-1]], frozen["owner"]
    if "steps" in frozen:
        scope_of_steps = thaw_steps(state, parent, owner, frozen["steps"])
        scope_of_steps.outputs, scope_of_steps.tasks = outputs, tasks
        return scope_of_steps
    planned, loop = parent.body.planned(owner), parent.tasks[owner].loop
    if planned.body is None or loop is None:
        raise LookupError(frozen["prefix"])
    scope = task_scope(parent, owner)
    if planned.body.single is None and planned.block.loop is None:
        scope = inner_scope(scope, outputs)
    elif planned.body.single is None:
        scope = item_scope(scope, loop, frozen["index"], outputs)
    frame = Frame(frozen["prefix"], planned.body, scope, outputs, tasks, 0, parent, owner)
    if planned.body.single is None:
        loop.live[frozen["index"]] = frame
    return frame


def _thaw_task(frozen: dict[str, Any]) -> TaskState:
    return TaskState(**{name: _TASK_IN[name](item) if name in _TASK_IN else item for name, item in frozen.items()})


def _thaw_loop(frozen: dict[str, Any]) -> LoopState:
    known = {name: _LOOP_IN[name](item) if name in _LOOP_IN else item for name, item in frozen.items()}
    return LoopState(**known)


def _array(text: str) -> "array[int]":
    return array("Q", b64decode(text))


def _freeze_undo(undo: Undo) -> list[Any]:
    return [undo.path, undo.block, undo.config, list(undo.deferred), _dump(undo.trouble)]


def _thaw_undo(plan: Plan, frozen: list[Any]) -> Undo:
    path, block, config, deferred, trouble = frozen
    planned = plan.find(path)
    if planned is None:
        raise LookupError(path)
    return Undo(path, block, planned, config, tuple(deferred), _error(trouble))


def _freeze_tail(tail: Tail) -> dict[str, Any]:
    return {
        **{field.name: getattr(tail, field.name) for field in fields(tail)},
        "undos": len(tail.undos),
        "error": _dump(tail.error),
        "handler_error": _dump(tail.handler_error),
        "failed": [_dump(error) for error in tail.failed],
    }


def _thaw_tail(frozen: dict[str, Any], undos: list[Undo]) -> Tail:
    return Tail(
        **{
            **frozen,
            "undos": undos[: frozen["undos"]],
            "error": _error(frozen["error"]),
            "handler_error": _error(frozen["handler_error"]),
            "failed": [ErrorInfo.model_validate(error) for error in frozen["failed"]],
            "stopped": tuple((path, attempt) for path, attempt in frozen["stopped"]),
            "slots": tuple((path, attempt) for path, attempt in frozen["slots"]),
            "children": tuple((run_id, workflow) for run_id, workflow in frozen["children"]),
        }
    )


def _freeze_closing(closing: Closing) -> dict[str, Any]:
    frozen = {field.name: getattr(closing, field.name) for field in fields(closing)}
    return {**frozen, "body": closing.body.model_dump(mode="json", exclude_defaults=True)}


def _thaw_closing(frozen: dict[str, Any]) -> Closing:
    body = _ENDS[frozen["event"]].model_validate(frozen["body"])
    children = tuple((run_id, workflow) for run_id, workflow in frozen["children"])
    return Closing(**{**frozen, "body": body, "children": children})


def _dump(error: ErrorInfo | None) -> dict[str, Any] | None:
    return error.model_dump(mode="json", exclude_defaults=True) if error else None


def _error(frozen: dict[str, Any] | None) -> ErrorInfo | None:
    return ErrorInfo.model_validate(frozen) if frozen else None


def _thaw_waiting(frozen: dict[str, Any]) -> Waiting:
    child, early = frozen.get("child"), frozen.get("early", {})
    special = {
        "child": tuple(child) if child else None,
        "early": {run_id: ChildEnded.model_validate(body) for run_id, body in early.items()},
        "trouble": _error(frozen.get("trouble")),
    }
    return Waiting(**{**frozen, **special})


_NO_TASK, _NO_LOOP, _NO_WAITING = TaskState(), LoopState(), Waiting()
_WAITING_OUT: dict[str, Any] = {
    "early": lambda early: {
        run_id: body.model_dump(mode="json", exclude_defaults=True) for run_id, body in early.items()
    },
    "trouble": _dump,
}
_TASK_OUT: dict[str, Any] = {
    "error": _dump,
    "loop": _freeze_loop,
    "script": freeze_script,
    "waiting": lambda waiting: _sparse(waiting, _NO_WAITING, _WAITING_OUT),
}
_TASK_IN: dict[str, Any] = {
    "status": TaskStatus,
    "error": _error,
    "loop": _thaw_loop,
    "script": thaw_script,
    "waiting": _thaw_waiting,
}
#: Of iterations under way only those of a `for_each` are named; scopes put themselves in.
_LOOP_OUT: dict[str, Any] = {
    "items": lambda items: items.model_dump(mode="json"),
    "error": _dump,
    "live": lambda live: [index for index, frame in live.items() if frame is None],
    "results": lambda results: [[index, result] for index, result in results.items()],
}
_LOOP_IN: dict[str, Any] = {
    "items": ItemsRef.model_validate,
    "error": _error,
    "live": dict.fromkeys,
    "results": lambda results: {index: result for index, result in results},  # noqa: C416 - pairs are lists
    "sequences": _array,
}
