"""The triggers of a definition: read one by one, and all that can be known to be wrong with them."""

from collections.abc import Collection, Mapping
from types import MappingProxyType
from typing import Any

from gnatwork_engine.compiler.events import check_event, check_filter
from gnatwork_engine.compiler.faults import Faults, listed, shown, suggestion
from gnatwork_engine.compiler.fields import INVALID, read_fields
from gnatwork_engine.compiler.polls import check_poll
from gnatwork_engine.compiler.trigger_types import expand
from gnatwork_engine.cron import CronError, ZoneError, parse_cron, parse_zone
from gnatwork_engine.fill import expressions
from gnatwork_engine.json_tree import Path
from gnatwork_engine.template import TemplateSyntaxError, parse_template
from gnatwork_schemas.catalogue import BlockType
from gnatwork_schemas.integration import TriggerType
from gnatwork_schemas.triggers import (
    MAX_TRIGGERS,
    AnyTrigger,
    EventTrigger,
    PollingTrigger,
    ScheduleTrigger,
    WebhookTrigger,
)

_MODELS: Mapping[str, type[AnyTrigger]] = {
    "webhook": WebhookTrigger,
    "schedule": ScheduleTrigger,
    "event": EventTrigger,
    "polling": PollingTrigger,
}
#: What a template of a trigger may begin with, by the field that holds it.
_ROOTS: Mapping[str, tuple[str, ...]] = {
    "input": ("event", "trigger"),
    "delivery": ("event",),
    "fetch": ("cursor", "connections"),
    "items": ("response",),
    "key": ("item",),
    "cursor": ("response",),
}
_INVALID = "trigger.invalid"
_NOTHING: Mapping[str, BlockType] = MappingProxyType({})
_NO_TYPES: Mapping[str, TriggerType] = MappingProxyType({})


def read_triggers(
    raw: Any,
    faults: Faults,
    catalogue: Mapping[str, BlockType] = _NOTHING,
    types: Mapping[str, TriggerType] = _NO_TYPES,
) -> tuple[AnyTrigger, ...]:
    """The `triggers` of a definition, as far as they are right; the rest become faults."""
    if raw is None:
        return ()
    if not isinstance(raw, list) or len(raw) > MAX_TRIGGERS:
        faults.add(("triggers",), INVALID, f"`triggers` is an array of at most {MAX_TRIGGERS}")
        return ()
    found: dict[str, AnyTrigger] = {}
    for index, value in enumerate(raw):
        at: Path = ("triggers", index)
        if (trigger := read_trigger(value, at, faults, catalogue, types)) is None:
            continue
        if trigger.id in found:
            faults.add((*at, "id"), _INVALID, f"there is another trigger {shown(trigger.id)}")
        found[trigger.id] = trigger
    return tuple(found.values())


def read_trigger(
    value: Any,
    at: Path,
    faults: Faults,
    catalogue: Mapping[str, BlockType] = _NOTHING,
    types: Mapping[str, TriggerType] = _NO_TYPES,
) -> AnyTrigger | None:
    """The trigger that stands at `at`; None with faults where it can't be read.

    What a poll asks for is checked against the catalogue, where that has the block type for it. A trigger of one of the
    `types` that integrations bring becomes one of the engine's own, which keeps what was written.
    """
    type_ = value.get("type") if isinstance(value, dict) else None
    model = _MODELS.get(type_) if isinstance(type_, str) else None
    if model is None and isinstance(type_, str) and type_ in types:
        expanded = expand(value, types[type_], at, faults)
        made = expanded and read_trigger(expanded.trigger, at, expanded.faults, catalogue)
        return made and made.model_copy(update={"written": value})
    if model is None:
        _refuse(type_, at, faults, {**_MODELS, **types})
        return None
    if "written" in value:
        faults.add((*at, "written"), INVALID, "there is no `written`")
    trigger = read_fields(model, value, at, faults)
    for field, roots in _ROOTS.items():
        if field in value:
            _check_templates(value[field], (*at, field), roots, faults)
    if trigger is not None:
        _check(trigger, at, faults, catalogue)
    return trigger


def _check(trigger: AnyTrigger, at: Path, faults: Faults, catalogue: Mapping[str, BlockType]) -> None:
    """What the fields of a trigger can't tell of themselves."""
    match trigger:
        case WebhookTrigger():
            _check_secret(trigger, at, faults)
            if trigger.filter is not None:
                check_filter(trigger.filter, (*at, "filter"), faults)
        case ScheduleTrigger():
            _check_times(trigger, at, faults)
        case EventTrigger():
            check_event(trigger, at, faults)
        case PollingTrigger():
            check_poll(trigger, at, faults, catalogue)


def _refuse(type_: Any, at: Path, faults: Faults, known: Collection[str]) -> None:
    """What stands at `at` is no trigger, or of no type that is known."""
    near = suggestion(type_, known) if isinstance(type_, str) else ""
    message = f"a trigger is an object with an `id` and a `type`, one of {listed(known)}{near}"
    code = "trigger.unknown_type" if isinstance(type_, str) else _INVALID
    faults.add((*at, "type") if type_ is not None else at, code, message)


def _check_times(trigger: ScheduleTrigger, at: Path, faults: Faults) -> None:
    """The cron is one and comes at all, and the time zone exists."""
    try:
        parse_cron(trigger.cron)
    except CronError as error:
        faults.add((*at, "cron"), "trigger.bad_cron", str(error))
    try:
        parse_zone(trigger.timezone)
    except ZoneError as error:
        faults.add((*at, "timezone"), "trigger.bad_timezone", str(error))


def _check_secret(trigger: WebhookTrigger, at: Path, faults: Faults) -> None:
    """A secret is the value of a connection, and there is one where callers are to be known."""
    if trigger.secret is None:
        if trigger.auth != "none":
            faults.add(
                at, _INVALID, f'`auth: "{trigger.auth}"` needs a `secret`, such as "{{{{ connections.shop.key }}}}"'
            )
        return
    try:
        paths = [expression.path for expression in expressions(parse_template(trigger.secret))]
    except TemplateSyntaxError:
        paths = []
    if [len(path) for path in paths] != [3] or paths[0][0] != "connections" or not trigger.secret.startswith("{{"):
        message = 'secrets are never part of a definition: name the value of a connection, "{{ connections.shop.key }}"'
        faults.add((*at, "secret"), _INVALID, message)


def _check_templates(value: Any, at: Path, roots: Collection[str], faults: Faults) -> None:
    """Mistakes in the templates of a JSON value."""
    match value:
        case dict():
            for key, inner in value.items():
                _check_templates(inner, (*at, key), roots, faults)
        case list():
            for index, inner in enumerate(value):
                _check_templates(inner, (*at, index), roots, faults)
        case str():
            try:
                found = [str(expression.path[0]) for expression in expressions(parse_template(value))]
            except TemplateSyntaxError as error:
                faults.add(at, error.code, error.detail)
                return
            for root in found:
                if root not in roots:
                    near = suggestion(root, roots)
                    known = f"here there is {listed(roots)}{near}"
                    faults.add(at, "template.unknown_root", f"{shown(root)} is unknown: {known}")
        case _:
            pass
