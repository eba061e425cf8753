"""Triggers of a dialect as native ones."""

from collections.abc import Mapping
from typing import Any

from gnatwork_engine.compiler.dialects.fields import Fields
from gnatwork_engine.compiler.dialects.placed import Placed, made, sent
from gnatwork_engine.compiler.faults import Faults
from gnatwork_engine.json_tree import Path
from gnatwork_schemas.triggers import ScheduleTrigger, TriggerDefinition, WebhookTrigger

WEBHOOK, SCHEDULE = "webhook", "schedule"
_MODELS: Mapping[str, type[TriggerDefinition]] = {WEBHOOK: WebhookTrigger, SCHEDULE: ScheduleTrigger}
#: What a dialect says elsewhere, or not at all.
_OURS = frozenset(TriggerDefinition.model_fields) | {"type"}


def trigger(id_: Placed, type_: Placed, config: Any, at: Path, faults: Faults) -> Placed:
    """The native trigger that a config describes, with the fields of the native type.

    Args:
        id_: The native id.
        type_: The native type.
        config: What was sent, or None.
        at: Where the config stands; where it is missing.
        faults: Takes the mistakes.
    """
    fields = Fields({} if config is None else config, at, faults, f"the config of a {type_.value}", "trigger.invalid")
    known = [name for name in _MODELS[type_.value].model_fields if name not in _OURS]
    fields.only(*known)
    native: dict[str, Any] = {"id": id_, "type": type_}
    native |= {key: sent(_native(key, value), fields.at(key)) for key, value in fields.items() if key in known}
    return made(native, at)


def _native(key: str, value: Any) -> Any:
    if key == "path" and isinstance(value, str):
        return value if value.startswith("/") else f"/{value}"
    if key == "method" and isinstance(value, str):
        return value.upper()
    return value
