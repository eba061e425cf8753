"""The dialect of ordered steps: a trigger, and steps that run one after the other.

`{name?, description?, trigger: {type, config?}, steps: [{id, type, name?, config?}]}`. What the trigger brings is
`payload`, the output of an earlier step is `steps.<id>`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gnatwork_engine.compiler.dialects import hooks, scripts
from gnatwork_engine.compiler.dialects.configs import native_config, native_type
from gnatwork_engine.compiler.dialects.delays import delay
from gnatwork_engine.compiler.dialects.fields import CONFIG_INVALID, Fields
from gnatwork_engine.compiler.dialects.placed import Placed, made, sent
from gnatwork_engine.compiler.dialects.requests import FETCH, request
from gnatwork_engine.compiler.dialects.texts import UnknownNameError
from gnatwork_engine.compiler.dialects.workflow import head
from gnatwork_engine.compiler.faults import Faults, listed, shown, suggestion
from gnatwork_engine.expressions.words import GLOBALS
from gnatwork_engine.json_tree import Path

#: Keys that no other dialect has.
MARKS = frozenset({"trigger"})

_TRIGGERS: Mapping[str, str | None] = {
    "http_request": hooks.WEBHOOK,
    "webhook": hooks.WEBHOOK,
    "schedule": hooks.SCHEDULE,
    "cron": hooks.SCHEDULE,
    "manual": None,
}
_REQUESTS = frozenset({"http_request", "http"})
#: Roots that are the same in the native language.
_SAME = ("run", "trigger", "connections")
_ROOTS = ("payload", "steps", *_SAME)


@dataclass(frozen=True, slots=True)
class _Names:
    """What can be mentioned in a step."""

    #: The ids of all steps, and which of them this is.
    ids: Sequence[Any]
    index: int

    @property
    def holders(self) -> tuple[str, ...]:
        return ("steps",)

    def path(self, path: Path) -> Path:
        root, *rest = path
        if root == "payload":
            return ("input", *rest)
        if root == "steps":
            if not rest:
                raise UnknownNameError("`steps` is followed by the id of a step, `steps.<id>`")
            return ("blocks", str(rest[0]), *rest[1:])
        if root in _SAME:
            return path
        raise UnknownNameError(self._unknown(str(root)))

    def value(self, name: str, members: Sequence[str | None]) -> str | None:
        if name == "payload":
            return "input"
        if name == "steps":
            earlier = [id_ for id_ in self.ids[: self.index] if isinstance(id_, str)]
            return scripts.record({id_: scripts.block(id_) for id_ in scripts.known(members, earlier)})
        if name in _SAME or name in GLOBALS:
            return None
        raise UnknownNameError(self._unknown(name))

    def _unknown(self, name: str) -> str:
        if name in self.ids:
            return f"{shown(name)} is a step: its output is {shown(f'steps.{name}')}"
        return f"{shown(name)} is unknown: there is {listed(_ROOTS)}{suggestion(name, _ROOTS)}"


def translate(document: Mapping[str, Any], faults: Faults) -> dict[str, Any]:
    """The native definition, each part with its place."""
    fields = Fields(document, (), faults, "a definition with ordered steps")
    fields.only("name", "description", "trigger", "steps")
    native: dict[str, Any] = {**head(fields), "triggers": made(_triggers(fields, faults), ("trigger",))}
    steps = document.get("steps")
    if isinstance(steps, list):
        ids = [entry.get("id") if isinstance(entry, dict) else None for entry in steps]
        steps = [_step(entry, ("steps", at), _Names(ids, at), faults) for at, entry in enumerate(steps)]
    return {**native, "steps": sent(steps, ("steps",))}


def _triggers(fields: Fields, faults: Faults) -> list[Placed]:
    trigger = Fields(fields.get("trigger"), ("trigger",), faults, "`trigger`", "trigger.invalid")
    trigger.only("type", "config")
    type_ = trigger.needed("type")
    if type_ is None:
        return []
    if type_ not in _TRIGGERS:
        known = f"{listed(_TRIGGERS)}{suggestion(type_, _TRIGGERS)}"
        trigger.wrong("type", f"there is no trigger {shown(type_)}; it is one of {known}")
        return []
    if (native := _TRIGGERS[type_]) is None:
        Fields(trigger.get("config") or {}, trigger.at("config"), faults, "the config of `manual`").only()
        return []
    at = trigger.at("type")
    return [hooks.trigger(made(native, at), made(native, at), trigger.get("config"), trigger.at("config"), faults)]


def _step(entry: Any, at: Path, names: _Names, faults: Faults) -> Placed:
    if not isinstance(entry, dict):
        return sent(entry, at)
    fields = Fields(entry, at, faults, "a step")
    fields.only("id", "type", "name", "config")
    native = {key: sent(fields.get(key), fields.at(key)) for key in ("id", "name") if key in fields}
    type_ = fields.get("type")
    if not isinstance(type_, str):
        return sent(native if type_ is None else {**native, "type": type_}, at)
    return sent({**native, **_work(type_, fields, names, faults)}, at)


def _work(type_: str, fields: Fields, names: _Names, faults: Faults) -> dict[str, Any]:
    """The native type of a step, with its config and whatever else is said there."""
    config, at = fields.get("config"), (*fields.path, "config")
    given = fields.at("type")
    if type_ in _REQUESTS:
        return {"type": made(FETCH, given), **request(config, at, names, faults, timeout="timeout")}
    if type_ == "delay":
        return {"type": sent(type_, given), "config": delay(config, at, names, faults, ("for", "until"))}
    if type_ in {"filter", "condition"} and isinstance(config, dict) and "expression" in config:
        return {"type": sent(type_, given), "config": _asking(config, at, type_, names, faults)}
    native = native_type(type_)
    found = {"config": native_config(native, config, at, names, faults)} if config is not None else {}
    return {"type": sent(native, given), **found}


def _asking(config: dict[str, Any], at: Path, type_: str, names: _Names, faults: Faults) -> Placed:
    fields = Fields(config, at, faults, f"the config of a `{type_}`", CONFIG_INVALID)
    fields.only("expression")
    value, where = fields.get("expression"), fields.at("expression")
    text = scripts.expression(value, where, names, faults) if isinstance(value, str) else value
    return made({"if": made(text, where)}, at)
