"""What an event trigger sees in a message: its event, how it came, and what names it. Pure.

CloudEvents 1.0 are known in both forms of the NATS protocol binding: structured, the whole event as one JSON document,
and binary, with the attributes in headers that begin with `ce-`.
"""

import base64
from collections.abc import Mapping
from typing import Any, NamedTuple
from urllib.parse import unquote

import orjson

from gnatwork_manager.bodies import encode_bounded
from gnatwork_manager.problems import invalid
from gnatwork_manager.submission import parse_traceparent
from gnatwork_manager.triggers.calls import MAX_DETAILS
from gnatwork_schemas import header_names

_STRUCTURED = "application/cloudevents+json"
_BINARY_PREFIX = "ce-"
#: Attributes that every CloudEvent has.
_REQUIRED = ("specversion", "id", "source", "type")
_DATA = frozenset({"data", "data_base64"})
_CONTENT_TYPE = "content-type"


class Seen(NamedTuple):
    """An event as a trigger sees it."""

    event: Any
    #: What templates find under `trigger` beside `type` and `id`.
    details: dict[str, Any]
    #: What names the event among all others; None for one that can't come twice.
    occurrence: str | None = None
    traceparent: str | None = None


class _Body(NamedTuple):
    value: Any
    encoding: str | None = None


def see(subject: str, data: bytes, headers: Mapping[str, str]) -> Seen:
    """What a message says; ProblemError `request.invalid` where its headers or attributes are too large to be kept."""
    lower = {name.lower(): value for name, value in headers.items()}
    attributes, body = _read(data, lower)
    size = sum(len(name) + len(value) for name, value in headers.items())
    if size > MAX_DETAILS:
        raise invalid("/headers", f"the headers of the message have {size} bytes, at most {MAX_DETAILS} are kept")
    details: dict[str, Any] = {"subject": subject, "headers": lower}
    if body.encoding:
        details["encoding"] = body.encoding
    occurrence = lower.get(header_names.MESSAGE_ID.lower())
    if attributes:
        if (size := len(encode_bounded(attributes, ""))) > MAX_DETAILS:
            raise invalid("", f"the attributes of the CloudEvent have {size} bytes, at most {MAX_DETAILS} are kept")
        details["cloudevent"] = attributes
        occurrence = orjson.dumps([attributes["source"], attributes["id"]]).decode()
    return Seen(body.value, details, occurrence and f"id:{occurrence}", _traceparent(lower, attributes))


def _read(data: bytes, headers: Mapping[str, str]) -> tuple[dict[str, Any] | None, _Body]:
    """The attributes of a CloudEvent, if it is one, and the event."""
    content_type = headers.get(_CONTENT_TYPE, "").partition(";")[0].strip().lower()
    binary = {
        name.removeprefix(_BINARY_PREFIX): unquote(value)
        for name, value in headers.items()
        if name.startswith(_BINARY_PREFIX)
    }
    if _is_cloudevent(binary):
        return {**binary, **({"datacontenttype": content_type} if content_type else {})}, _body(data, content_type)
    body = _body(data, content_type)
    if content_type in {"", "application/json", _STRUCTURED} and _is_cloudevent(body.value):
        attributes = {name: value for name, value in body.value.items() if name not in _DATA}
        return attributes, _data(body.value)
    return None, body


def _is_cloudevent(value: Any) -> bool:
    return (
        isinstance(value, dict)
        and all(isinstance(value.get(name), str) and value[name] for name in _REQUIRED)
        and value["specversion"].startswith("1.")
    )


def _data(event: Mapping[str, Any]) -> _Body:
    """The data of a structured CloudEvent."""
    encoded = event.get("data_base64")
    if not isinstance(encoded, str):
        return _Body(event.get("data"))
    try:
        return _body(base64.b64decode(encoded, validate=True), str(event.get("datacontenttype") or ""))
    except ValueError:
        return _Body(encoded, "base64")


def _body(data: bytes, content_type: str) -> _Body:
    """JSON stands for itself, other UTF-8 is text, anything else base64; nothing is null."""
    if not data:
        return _Body(None)
    if not content_type.startswith("text/"):
        try:
            return _Body(orjson.loads(data))
        except orjson.JSONDecodeError:
            pass
    try:
        return _Body(data.decode())
    except UnicodeDecodeError:
        return _Body(base64.b64encode(data).decode(), "base64")


def _traceparent(headers: Mapping[str, str], attributes: Mapping[str, Any] | None) -> str | None:
    found = headers.get(header_names.TRACEPARENT) or (attributes or {}).get(header_names.TRACEPARENT)
    return parse_traceparent(found) if isinstance(found, str) else None
