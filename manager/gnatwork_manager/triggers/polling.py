"""What a poll asks for, and which of the items that it finds are new. Pure."""

import json
from collections.abc import Iterator
from hashlib import sha256
from typing import Any, NamedTuple

import orjson

from gnatwork_engine.fill import fill
from gnatwork_engine.template import parse_template
from gnatwork_manager.bodies import MAX_DEPTH, encode_bounded
from gnatwork_manager.problems import ProblemError
from gnatwork_manager.triggers.calls import MAX_DETAILS
from gnatwork_schemas.template import PathExpression, TemplatePart
from gnatwork_schemas.triggers import PollingTrigger

#: The workflow of runs that fetch something for a trigger.
POLL = "poll"
#: Seconds that such a run may take, and for which it is kept.
_TIMEOUT = 90.0
_RETENTION = 3600.0
#: Keys that are remembered of each trigger, those seen last; a poll has no more items than these.
MAX_SEEN = 10_000
#: Bytes of a key that are remembered.
_SIZE = 12
#: Bytes of a cursor.
_MAX_CURSOR = 64 * 1024


class Item(NamedTuple):
    """Something that a poll has found."""

    #: What tells it from others, as its run is told.
    key: Any
    digest: bytes
    value: Any


def definition_of(trigger: PollingTrigger) -> dict[str, Any]:
    """The workflow that fetches what a trigger polls; its input is `{cursor?}`, its output the response."""
    fetch = {"id": "fetch", "type": trigger.block, "config": _from_input(trigger.fetch)}
    return {
        "name": POLL,
        "blocks": [fetch],
        "output": "{{ fetch }}",
        "timeout": _TIMEOUT,
        "retention": _RETENTION,
    }


def items_of(trigger: PollingTrigger, response: Any) -> list[Item]:
    """The items in a response, each key once; ProblemError `trigger.bad_items`, TemplateError."""
    values = fill(trigger.items, {"response": response})
    if not isinstance(values, list):
        raise ProblemError("trigger.bad_items", f"`items` yields no array but {_kind(values)}")
    if len(values) > trigger.max_items:
        raise ProblemError("trigger.bad_items", f"{len(values)} items are more than `max_items`, {trigger.max_items}")
    items: dict[bytes, Item] = {}
    for value in values:
        key = fill(trigger.key, {"item": value})
        encoded = orjson.dumps(key, option=orjson.OPT_SORT_KEYS)
        digest = sha256(encoded).digest()[:_SIZE]
        # It is part of the run's start, which is one message; the item itself may be larger.
        small = len(encoded) <= MAX_DETAILS and encoded.count(b"[") + encoded.count(b"{") <= MAX_DEPTH
        items.setdefault(digest, Item(key if small else digest.hex(), digest, value))
    return list(items.values())


def cursor_of(trigger: PollingTrigger, response: Any) -> Any:
    """What the next poll begins from; ProblemError `trigger.bad_items`, `request.invalid`, TemplateError."""
    cursor = fill(trigger.cursor, {"response": response})
    if len(encode_bounded(cursor, "/cursor")) > _MAX_CURSOR:
        raise ProblemError("trigger.bad_items", f"a cursor has at most {_MAX_CURSOR} bytes")
    return cursor


def read_seen(data: bytes) -> dict[bytes, None]:
    """Digests of the keys that were seen, those of the last poll first."""
    return dict.fromkeys(data[start : start + _SIZE] for start in range(0, len(data), _SIZE))


def write_seen(items: list[Item], seen: dict[bytes, None]) -> bytes:
    """The same once these items were seen as well."""
    return b"".join(list({item.digest: None for item in items} | seen)[:MAX_SEEN])


def _from_input(config: Any) -> Any:
    """The config with templates over the run's input instead of over the cursor, whatever the cursor may be."""
    match config:
        case dict():
            return {key: _from_input(value) for key, value in config.items()}
        case list():
            return [_from_input(value) for value in config]
        case str() if (parts := parse_template(config)) is not None:
            return "".join(_written(parts))
        case _:
            return config


def _written(parts: tuple[TemplatePart, ...]) -> Iterator[str]:
    for part in parts:
        if isinstance(part, PathExpression):
            source = f"input.{part.source}" if part.path[0] == "cursor" else part.source
            # Before there is a cursor the input has none, so that defaults stand in; without one it is null.
            has_default = part.has_default or part.path == ("cursor",)
            default = f" ?? {json.dumps(part.default)}" if has_default else ""
            yield f"{{{{ {source}{default} }}}}"
        else:
            yield part.replace("{{", '{{ "{{" }}')


def _kind(value: Any) -> str:
    match value:
        case None:
            return "null"
        case str():
            return "a text"
        case dict():
            return "an object"
        case _:
            return "a number" if isinstance(value, int | float) and not isinstance(value, bool) else "true or false"
