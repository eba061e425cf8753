"""`docs/reference/integrations.md`: what the integrations bring that come with Gnatwork."""

import json
from collections.abc import Iterator
from typing import Any

from docs.generator.blocks import of_integrations
from docs.generator.json_types import in_words
from docs.generator.markdown import code, fence, page, pretty, table
from docs.generator.shipped import INTEGRATIONS
from gnatwork_blocks.integration import Integration
from gnatwork_schemas.integration import ConnectionKind, TriggerType

_INTRODUCTION = """\
How to use them, and how to write one of your own, is told in [Integrations](../integrations.md). What a running
installation has is shown by `gnatwork blocks list`, `gnatwork trigger types` and `gnatwork connection types`."""


def pages() -> dict[str, str]:
    """The one page."""
    parts = [part for integration in INTEGRATIONS.values() for part in _parts(integration)]
    return {"integrations.md": page("Integrations", _INTRODUCTION, *parts)}


def _parts(integration: Integration) -> Iterator[str]:
    yield f"## {integration.title}"
    yield f"{integration.summary} [More](../../blocks/integrations/{integration.name}/README.md)."
    blocks = of_integrations()[integration.name]
    yield table(("Block", "What it does"), [(f"[`{one.type}`](blocks/{one.type}.md)", one.summary) for one in blocks])
    for connection in integration.connections:
        yield from _connection(connection)
    for trigger in integration.triggers:
        yield from _trigger(trigger)


def _connection(kind: ConnectionKind) -> Iterator[str]:
    yield f"### Connection {code(kind.type)}"
    yield f"{kind.summary} {kind.help}"
    required = kind.values_schema.get("required", ())
    rows = [
        (code(name), "" if name in required else "no", "yes" if name in kind.secret else "", _told(field))
        for name, field in kind.values_schema["properties"].items()
    ]
    yield table(("Value", "Required", "Secret", ""), [(name, needed or "yes", *rest) for name, needed, *rest in rows])


def _trigger(trigger: TriggerType) -> Iterator[str]:
    yield f"### Trigger {code(trigger.type)}"
    yield trigger.summary
    required = trigger.config_schema.get("required", ())
    rows = [
        (code(name), in_words(field), _default(field, required=name in required), _told(field))
        for name, field in trigger.config_schema["properties"].items()
    ]
    yield table(("Field", "Type", "Default", ""), rows)
    for example in trigger.examples:
        yield fence(pretty(example), "json")
    yield "It becomes:"
    yield fence(pretty(trigger.trigger), "json")


def _default(field: dict[str, Any], *, required: bool) -> str:
    if required:
        return "required"
    return code(json.dumps(field["default"])) if "default" in field else ""


def _told(field: dict[str, Any]) -> str:
    return str(field.get("description") or field.get("title", ""))
