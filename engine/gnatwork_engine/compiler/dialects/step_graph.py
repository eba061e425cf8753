"""The dialect of step graphs: steps that name what comes next.

`{name, description?, entryStepId, scheduleCron?, steps: [{id, name, type: TRIGGER|ACTION, ref, params, next, retry,
stopOnFailure}]}`. What started the run, and the results of the actions before a step, are its `data`; a template may
leave out that word.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gnatwork_engine.compiler.dialects import hooks, scripts
from gnatwork_engine.compiler.dialects.configs import native_config, native_type
from gnatwork_engine.compiler.dialects.fields import Fields
from gnatwork_engine.compiler.dialects.fixed_retry import fixed_retry
from gnatwork_engine.compiler.dialects.graph_data import Data
from gnatwork_engine.compiler.dialects.graph_links import ACTION, TRIGGER, Step, linked, read_steps
from gnatwork_engine.compiler.dialects.naming import free_id, workflow_name
from gnatwork_engine.compiler.dialects.placed import Placed, made, sent
from gnatwork_engine.compiler.dialects.requests import FETCH, request
from gnatwork_engine.compiler.dialects.texts import UnknownNameError, template
from gnatwork_engine.compiler.dialects.workflow import head
from gnatwork_engine.compiler.faults import Faults, listed, shown, suggestion
from gnatwork_engine.expressions.words import GLOBALS
from gnatwork_engine.json_tree import Path

#: Keys, of the definition and of its steps, and types that no other dialect has.
MARKS = frozenset({"entryStepId", "scheduleCron"})
STEP_MARKS = frozenset({"ref", "params", "next", "stopOnFailure"})
TYPES = frozenset({TRIGGER, ACTION})

_TRIGGERS = {"http.webhook": hooks.WEBHOOK, "schedule.cron": hooks.SCHEDULE}
_REQUEST = "http.request"


@dataclass(slots=True)
class _Names:
    """What can be mentioned in a step."""

    data: Path
    #: Whether something was.
    read: bool = False

    @property
    def holders(self) -> tuple[str, ...]:
        return ()

    def path(self, path: Path) -> Path:
        if path[0] == "connections":
            return path
        self.read = True
        return (*self.data, *(path[1:] if path[0] == "data" else path))

    def value(self, name: str, members: Sequence[str | None]) -> str | None:  # noqa: ARG002 - there are no holders
        if name in GLOBALS:
            return None
        if name != "data":
            raise UnknownNameError(f"{shown(name)} is unknown: in JavaScript, {shown(f'data.{name}')} is meant")
        self.read = True
        return "input" if self.data == ("input",) else scripts.block(str(self.data[1]))


def translate(document: Mapping[str, Any], faults: Faults) -> dict[str, Any]:
    """The native definition, each part with its place. Raises DefinitionError where the links are wrong."""
    fields = Fields(document, (), faults, "a step graph")
    entry_id = fields.needed("entryStepId")
    steps = read_steps(fields.objects("steps"), faults)
    if entry_id not in steps:
        near = suggestion(entry_id or "", steps)
        fields.wrong("entryStepId", f"there is no step {shown(entry_id)}{near}")
    faults.stop_if_any()
    order = linked(steps, steps[entry_id or ""], faults)
    fields.only("name", "description", "entryStepId", "scheduleCron", "steps")
    for step in steps.values():
        step.fields.only("id", "name", "type", "ref", "params", "next", "retry", "stopOnFailure")
    return {
        **head(fields),
        "triggers": made(_triggers(fields, steps, faults), ("steps",)),
        **_blocks(order, faults),
    }


def _triggers(fields: Fields, steps: Mapping[str, Step], faults: Faults) -> list[Placed]:
    found = [_trigger(step, faults) for step in steps.values() if step.type == TRIGGER]
    if (cron := fields.get("scheduleCron")) is not None:
        id_ = free_id("schedule", {workflow_name(step.id) for step in steps.values() if step.type == TRIGGER})
        at = fields.at("scheduleCron")
        found.append(made({"id": id_, "type": hooks.SCHEDULE, "cron": sent(cron, at)}, at))
    return [trigger for trigger in found if trigger is not None]


def _trigger(step: Step, faults: Faults) -> Placed | None:
    fields = step.fields
    for key in ("retry", "stopOnFailure"):
        if key in fields:
            faults.add(fields.at(key), "definition.no_effect", f"{shown(key)} has no effect on a {TRIGGER}")
    ref = str(fields.get("ref"))
    if ref not in _TRIGGERS:
        known = f"{listed(_TRIGGERS)}{suggestion(ref, _TRIGGERS)}"
        fields.wrong("ref", f"there is no {TRIGGER} {shown(ref)}; it is one of {known}")
        return None
    id_ = sent(workflow_name(step.id), fields.at("id"))
    type_ = made(_TRIGGERS[ref], fields.at("ref"))
    return hooks.trigger(id_, type_, fields.get("params"), fields.at("params"), faults)


def _blocks(order: Sequence[Step], faults: Faults) -> dict[str, Any]:
    """The native blocks, and the output: the data that is left in the end."""
    taken = {step.id for step in order}
    types = {step.id: _type(step) for step in order}
    data = Data(order, types, taken, faults)
    blocks: dict[str, Placed] = {}
    readers: list[Step] = []
    ends = [step for step in order if not step.next]
    for step in order:
        names = _Names(data.of(step))
        blocks[step.id] = _action(step, types[step.id], names, faults)
        # With one end, what is left is made of what the last step saw.
        if names.read or ends == [step]:
            readers.append(step)
    made_for = {step.id: data.block(step) for step in data.needed(readers)}
    last = free_id("data", taken)
    written = [block for step in order for block in (made_for.get(step.id), blocks[step.id]) if block is not None]
    return {
        "blocks": made([*written, data.last(last, ends)], ("steps",)),
        "output": made(template(("blocks", last), "null"), ("steps",)),
    }


def _type(step: Step) -> str:
    ref = str(step.fields.get("ref"))
    return FETCH if ref == _REQUEST else native_type(ref)


def _action(step: Step, type_: str, names: _Names, faults: Faults) -> Placed:
    fields = step.fields
    native: dict[str, Any] = {
        "id": sent(step.id, fields.at("id")),
        "type": made(type_, fields.at("ref")),
        **({"name": sent(fields.get("name"), fields.at("name"))} if "name" in fields else {}),
        **({"needs": [made(before.id, before.path) for before in step.before]} if step.before else {}),
    }
    params, at = fields.get("params"), (*step.path, "params")
    if fields.get("ref") == _REQUEST:
        native |= request(params, at, names, faults, timeout="timeoutMs")
    elif params is not None:
        native["config"] = native_config(type_, params, at, names, faults)
    if "retry" in fields:
        native["retry"] = _retry(fields, faults)
    if (stop := fields.get("stopOnFailure")) is not None:
        if not isinstance(stop, bool):
            fields.wrong("stopOnFailure", "`stopOnFailure` must be true or false")
        native["on_error"] = made("fail" if stop else "continue", fields.at("stopOnFailure"))
    return made(native, step.path)


def _retry(fields: Fields, faults: Faults) -> Placed:
    retry = Fields(fields.get("retry"), fields.at("retry"), faults, "`retry`")
    retry.only("maxAttempts", "backoffMs")
    return fixed_retry(retry, "maxAttempts", "backoffMs", fields.at("retry"))
