"""What an event trigger sees in a message."""

import base64
import json
from typing import Any

import orjson
import pytest

from gnatwork_manager.problems import ProblemError
from gnatwork_manager.triggers.published_events import matches, read_binary, read_published
from gnatwork_manager.triggers.seen_events import see

_EVENT = {"specversion": "1.0", "id": "7", "source": "/shop", "type": "order.created"}
_HEADERS = {f"ce-{name}": value for name, value in _EVENT.items()}


@pytest.mark.parametrize(
    ("data", "headers", "event", "encoding"),
    [
        (b'{"n": 1}', {}, {"n": 1}, None),
        (b"[1]", {"Content-Type": "application/json"}, [1], None),
        (b"12", {"Content-Type": "text/plain"}, "12", None),
        ("café".encode(), {}, "café", None),
        (b"\xff\x00", {}, base64.b64encode(b"\xff\x00").decode(), "base64"),
        (b"", {}, None, None),
    ],
)
def test_bodies(data: bytes, headers: dict[str, str], event: Any, encoding: str | None) -> None:
    seen = see("a.b", data, headers)
    assert (seen.event, seen.details.get("encoding"), seen.occurrence) == (event, encoding, None)
    assert seen.details["subject"] == "a.b"
    assert "cloudevent" not in seen.details


@pytest.mark.parametrize(
    ("more", "event"),
    [
        ({"data": {"n": 1}}, {"n": 1}),
        ({"data": None}, None),
        ({}, None),
        ({"data_base64": base64.b64encode(b'{"n": 2}').decode(), "datacontenttype": "application/json"}, {"n": 2}),
        ({"data_base64": base64.b64encode(b"plain").decode(), "datacontenttype": "text/plain"}, "plain"),
        ({"data_base64": "no base64"}, "no base64"),
    ],
)
@pytest.mark.parametrize("headers", [{}, {"content-type": "application/cloudevents+json; charset=utf-8"}])
def test_structured_cloudevents(more: dict[str, Any], event: Any, headers: dict[str, str]) -> None:
    seen = see("a", orjson.dumps({**_EVENT, **more}), headers)
    assert seen.event == event
    kept = {name: value for name, value in more.items() if not name.startswith("data_") and name != "data"}
    assert seen.details["cloudevent"] == {**_EVENT, **kept}


def test_binary_cloudevents() -> None:
    headers = {**_HEADERS, "CE-Subject": "caf%C3%A9", "Content-Type": "text/plain"}
    seen = see("a", b"12", headers)
    assert seen.event == "12"
    assert seen.details["cloudevent"] == {**_EVENT, "subject": "café", "datacontenttype": "text/plain"}
    assert seen.occurrence == see("a", orjson.dumps(_EVENT), {}).occurrence


@pytest.mark.parametrize("wrong", [{"id": ""}, {"source": 1}, {"specversion": "0.3"}, {"type": None}])
def test_what_lacks_an_attribute_is_an_ordinary_event(wrong: dict[str, Any]) -> None:
    value = {**_EVENT, **wrong}
    seen = see("a", orjson.dumps(value), {})
    assert (seen.event, seen.occurrence) == (value, None)


def test_a_name_and_a_trace_are_taken_from_the_headers() -> None:
    trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    seen = see("a", b"1", {"Nats-Msg-Id": "x", "traceparent": trace})
    assert (seen.occurrence, seen.traceparent) == ("id:x", trace)
    assert see("a", orjson.dumps({**_EVENT, "traceparent": trace}), {}).traceparent == trace


def test_headers_are_bounded() -> None:
    with pytest.raises(ProblemError, match="bytes"):
        see("a", b"1", {"x": "y" * 20_000})


def nested(depth: int) -> Any:
    return [nested(depth - 1)] if depth else 1


@pytest.mark.parametrize("extension", ["y" * 20_000, nested(150), nested(400)])
def test_attributes_are_bounded(extension: Any) -> None:
    # They are kept beside the event, where nothing is too large to be one message, and nobody could read it again.
    text = orjson.dumps(_EVENT)[:-1] + b', "extension": ' + json.dumps(extension).encode() + b"}"
    with pytest.raises(ProblemError, match=r"bytes|nested"):
        see("a", text, {})
    with pytest.raises(ProblemError, match=r"bytes|nested"):
        read_published(orjson.loads(text))


@pytest.mark.parametrize(
    ("pattern", "subject", "expected"),
    [
        ("a.b", "a.b", True),
        ("a.b", "a.b.c", False),
        ("a.*", "a.b", True),
        ("a.*", "a", False),
        ("a.*.c", "a.b.c", True),
        ("a.>", "a.b.c", True),
        ("a.>", "a", False),
        ("a.*.>", "a.b", False),
    ],
)
def test_patterns(pattern: str, subject: str, *, expected: bool) -> None:
    assert matches(pattern, subject) is expected


def test_what_comes_over_http() -> None:
    plain = read_published({"subject": "orders.created", "data": 1, "id": "x"})
    assert (plain.subjects, plain.seen.event, plain.seen.occurrence) == (("orders.created",), 1, "id:x")
    structured = read_published({**_EVENT, "subject": "orders/7", "data": 1})
    assert structured.subjects == ("order.created", "orders/7")
    binary = read_binary({**_HEADERS, "authorization": "Bearer x", "content-type": "application/json"}, b"1")
    assert binary
    assert binary.seen.event == 1
    assert "authorization" not in binary.seen.details["headers"]
    assert read_binary({"content-type": "application/json"}, b"1") is None
