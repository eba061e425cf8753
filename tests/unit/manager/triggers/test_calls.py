"""What a call of a webhook says."""

from hashlib import sha256
from typing import Any

import pytest

from gnatwork_manager.problems import ProblemError
from gnatwork_manager.triggers.calls import MAX_DETAILS, Event, challenge_of, delivery_of, details_of, parse_event
from gnatwork_schemas.triggers import WebhookTrigger


def trigger(**fields: Any) -> WebhookTrigger:
    return WebhookTrigger.model_validate({"id": "hook", "type": "webhook", **fields})


@pytest.mark.parametrize(
    ("body", "type_", "value"),
    [
        (b"", "application/json", None),
        (b'{"a": [1, null]}', "application/json", {"a": [1, None]}),
        (b"[1]", "application/cloudevents+json; charset=utf-8", [1]),
        (b'"text"', "Application/JSON", "text"),
        (
            b"a=1&b=x+y&a=2&a=3&empty=",
            "application/x-www-form-urlencoded",
            {"a": ["1", "2", "3"], "b": "x y", "empty": ""},
        ),
        (b' {"a": 1}', "application/x-www-form-urlencoded", {"a": 1}),
        (b"{oops=1", "application/x-www-form-urlencoded", {"{oops": "1"}),
        (b"caf\xe9", "text/plain; charset=latin-1", "café"),
        ("café".encode(), "text/html", "café"),
        (b'{"a": 1}', None, {"a": 1}),
        (b"hello", None, "hello"),
    ],
)
def test_a_body_is_what_its_type_says(body: bytes, type_: str | None, value: object) -> None:
    assert parse_event(body, type_) == Event(value)


@pytest.mark.parametrize(
    "type_",
    [
        "application/octet-stream",
        "image/png",
        "text/plain",
        "text/plain; charset=nonsense",
        None,
        "nonsense",
        "multipart/form-data",
    ],
)
def test_anything_else_is_base64(type_: str | None) -> None:
    assert parse_event(b"\xff\xfe\x00", type_) == Event("//4A", "base64")


@pytest.mark.parametrize("charset", ["punycode", "idna", "undefined", "utf-7", "unicode_escape", "rot13", "hex"])
def test_what_is_no_charset_is_not_decoded_by(charset: str) -> None:
    # The first would take hours for this, while nobody else is served; others yield halves of characters.
    body = b"a" * 500_000 + b"-" + b"b" * 500_000 + b"\\ud800+2AA-"
    assert parse_event(body, f"text/plain; charset={charset}").encoding == "base64"


@pytest.mark.parametrize("charset", ["utf-8", "UTF-16", "us-ascii", "ISO-8859-15", "windows-1252", "KOI8-R", "GB18030"])
def test_charsets_that_are_known(charset: str) -> None:
    assert parse_event("text".encode(charset), f"text/plain; charset={charset}") == Event("text")


@pytest.mark.parametrize("body", [b"{", b"nope", b'{"a": NaN}', b"\xff"])
def test_malformed_json_is_refused(body: bytes) -> None:
    with pytest.raises(ProblemError) as refused:
        parse_event(body, "application/json")
    assert refused.value.code == "request.invalid_json"


def test_a_form_of_very_many_fields_is_refused() -> None:
    with pytest.raises(ProblemError) as refused:
        parse_event(b"a=1&" * 1001, "application/x-www-form-urlencoded")
    assert refused.value.code == "request.invalid"


def test_a_run_sees_headers_and_query_but_nothing_that_is_secret() -> None:
    secrets: tuple[str, ...] = ("authorization", "cookie", "x-gnatwork-key", "x-hub-signature", "x-hub-signature-256")
    secrets += ("stripe-signature", "webhook-signature", "proxy-authorization")
    headers = [(name, "s3cret") for name in secrets] + [("x-event", "push"), ("accept", "a"), ("accept", "b")]
    details = details_of(trigger(path="/orders", method="PUT"), Event(None), headers, "a=1&b=2&a=3", "d-1")
    assert details == {
        "headers": {"x-event": "push", "accept": "a, b"},
        "query": {"a": ["1", "3"], "b": "2"},
        "method": "PUT",
        "path": "/orders",
        "delivery": "d-1",
    }
    assert details_of(trigger(), Event("//4A", "base64"), [], "", None)["encoding"] == "base64"
    own = details_of(
        trigger(key_header="X-Own"), Event(None), [("x-own", "s3cret"), ("x-slack-signature", "v0")], "", None
    )
    assert own["headers"] == {}


@pytest.mark.parametrize(
    ("fields", "event", "challenge"),
    [
        ({"auth": "hmac", "signature": "slack"}, {"type": "url_verification", "challenge": "c"}, "c"),
        ({"auth": "hmac", "signature": "slack"}, {"type": "event_callback", "challenge": "c"}, None),
        ({"auth": "hmac", "signature": "slack"}, {"type": "url_verification", "challenge": 1}, None),
        ({"auth": "hmac", "signature": "slack"}, ["url_verification"], None),
        ({"auth": "hmac", "signature": "github"}, {"type": "url_verification", "challenge": "c"}, None),
        ({"signature": "slack"}, {"type": "url_verification", "challenge": "c"}, None),
    ],
)
def test_only_slack_is_given_its_challenge_back(fields: dict[str, Any], event: object, challenge: str | None) -> None:
    assert challenge_of(trigger(**fields), event) == challenge


def test_headers_are_never_cut() -> None:
    details_of(trigger(), Event(None), [("a", "x" * (MAX_DETAILS - 1)), ("cookie", "x" * 9999)], "", None)
    with pytest.raises(ProblemError) as refused:
        details_of(trigger(), Event(None), [("a", "x" * (MAX_DETAILS - 4))], "b=1&", None)
    assert refused.value.code == "hook.headers_too_large"


HEADERS = {"webhook-id": "w", "x-github-delivery": "g", "idempotency-key": "i", "x-own": "o"}


@pytest.mark.parametrize(
    ("fields", "headers", "event", "delivery"),
    [
        ({}, {}, {"id": "evt"}, None),
        ({}, {"idempotency-key": "i"}, None, "i"),
        ({}, {"x-github-delivery": "g"}, None, "g"),
        ({"delivery_header": "X-Own"}, HEADERS, None, "o"),
        ({"delivery_header": "X-Own"}, {"webhook-id": "w"}, None, "w"),
        ({"delivery": "{{ event.update_id }}"}, {"idempotency-key": "i"}, {"update_id": 7}, "7"),
        ({"delivery": "{{ event.id }}-{{ event.n }}"}, {}, {"id": "a", "n": 1}, "a-1"),
        ({"delivery": "{{ event.id }}"}, {"idempotency-key": "i"}, {"id": None}, "i"),
        ({"delivery": "{{ event.id }}"}, {}, [1], None),
        ({"delivery": "{{ event.id }}"}, {}, {"id": "x" * 255}, "x" * 255),
        ({"delivery": "{{ event.id }}"}, {}, {"id": "x" * 256}, sha256(b"x" * 256).hexdigest()),
        # What is signed can't be given another name by whoever sends it again.
        ({"auth": "hmac", "delivery_header": "X-Own"}, HEADERS, None, "w"),
        ({"auth": "hmac", "signature": "stripe", "delivery_header": "X-Own"}, HEADERS, {"id": "evt"}, "evt"),
        ({"auth": "hmac", "signature": "stripe"}, {"idempotency-key": "i"}, [1], "i"),
        ({"auth": "hmac", "signature": "github"}, {"x-github-delivery": "g"}, None, "g"),
    ],
)
def test_a_delivery_is_named_by_what_is_hardest_to_forge(
    fields: dict[str, Any], headers: dict[str, str], event: object, delivery: str | None
) -> None:
    assert delivery_of(trigger(**fields), headers, event) == delivery
