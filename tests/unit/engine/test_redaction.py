"""Redaction: whatever form a secret takes, it is found, and nothing else is."""

import base64
import json
import re
import urllib.parse
from collections.abc import Callable

import orjson
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from gnatwork_engine.redaction import REDACTED, Redactor

_SECRET = 'pa55/w+rd"<ö>\\!'
_FORMS: dict[str, Callable[[str], str]] = {
    "itself": str,
    "part of a text": lambda secret: f"before {secret} after",
    "base64": lambda secret: base64.b64encode(secret.encode()).decode(),
    "base64 for addresses": lambda secret: base64.urlsafe_b64encode(secret.encode()).decode(),
    "base64 without padding": lambda secret: base64.b64encode(secret.encode()).decode().rstrip("="),
    "base64 in an address": lambda secret: urllib.parse.quote(base64.b64encode(secret.encode()).decode(), safe=""),
    "base64 of json": lambda secret: base64.b64encode(json.dumps({"k": secret}).encode()).decode(),
    "base64 of json in json": lambda secret: base64.b64encode(json.dumps(json.dumps([secret])).encode()).decode(),
    "basic": lambda secret: "Basic " + base64.b64encode(f"ada:{secret}".encode()).decode(),
    "percent": urllib.parse.quote,
    "all percent": lambda secret: urllib.parse.quote(secret, safe=""),
    "form": lambda secret: urllib.parse.urlencode({"k": secret}),
    "small percent": lambda secret: re.sub("%..", lambda found: found[0].lower(), urllib.parse.quote(secret, safe="")),
    "json": lambda secret: json.dumps({"k": secret}),
    "plain json": lambda secret: json.dumps({"k": secret}, ensure_ascii=False),
    "json in json": lambda secret: json.dumps(json.dumps({"k": secret})),
    "repr": repr,
    "hex": lambda secret: secret.encode().hex(),
}


def _tell(secret: str, text: str) -> bool:
    """Whether a text gives the secret away, in one of these forms or where base64 holds it in its midst."""
    return any(form(secret).strip("'\"") in text for form in _FORMS.values())


@pytest.mark.parametrize("form", _FORMS.values(), ids=_FORMS)
def test_every_form_of_a_secret_is_found(form: Callable[[str], str]) -> None:
    redactor = Redactor([_SECRET])
    told = form(_SECRET)
    assert _tell(_SECRET, told)
    assert not _tell(_SECRET, redactor.text(told))
    assert REDACTED in redactor.text(told)
    encoded = redactor.encoded(orjson.dumps({"deep": [{"x": told}], told: 1}))
    assert REDACTED in str(orjson.loads(encoded))
    assert not _tell(_SECRET, encoded.decode())


@given(st.text(min_size=8, max_size=40), st.binary(max_size=20), st.binary(max_size=20))
@example("aaaaaaaa", b"a", b"a")
def test_base64_of_anything_that_holds_a_secret_gives_nothing_of_it_away(
    secret: str, before: bytes, after: bytes
) -> None:
    told = Redactor([secret]).text(base64.b64encode(before + secret.encode() + after).decode())
    rest = [base64.b64decode(part + "A" * (-len(part) % 4)) for part in told.replace("=", "").split(REDACTED)]
    assert REDACTED in told
    # A byte at each end at most: base64 cuts no bytes.
    assert all(secret.encode()[1:-1] not in part for part in rest)


@given(st.text(min_size=4, max_size=30), st.recursive(st.none() | st.booleans() | st.integers() | st.text(), st.lists))
def test_what_holds_no_secret_stays_as_it_is(secret: str, value: object) -> None:
    redactor = Redactor([secret])
    encoded = orjson.dumps(str(value))
    if REDACTED.encode() not in (told := redactor.encoded(encoded)):
        assert told == encoded


def test_numbers_and_keys_are_looked_at_as_well() -> None:
    redactor = Redactor(["12345678"])
    encoded = redactor.encoded(b'{"12345678": 123456789, "x": [1.5, true, null, -12345678, 1234]}')
    assert orjson.loads(encoded) == {REDACTED: REDACTED, "x": [1.5, True, None, REDACTED, 1234]}


def test_a_value_is_not_changed_but_copied() -> None:
    value = {"a": ["secret"]}
    assert Redactor(["secret"]).value(value) == {"a": [REDACTED]}
    assert value == {"a": ["secret"]}


def test_values_may_nest_deeply() -> None:
    value: list[object] = ["secret"]
    for _ in range(5000):
        value = [value]
    redacted = Redactor(["secret"]).value(value)
    while isinstance(redacted[0], list):
        redacted = redacted[0]
    assert redacted == [REDACTED]


@pytest.mark.parametrize("length", range(6, len("a-long-secret")))
def test_the_beginning_of_a_secret_is_found_where_the_rest_was_cut_off(length: int) -> None:
    redactor = Redactor(["a-long-secret"])
    cut = "a-long-secret"[:length]
    assert redactor.text(f"body: {cut}") == f"body: {REDACTED}"
    assert orjson.loads(redactor.encoded(orjson.dumps({"body": f"x {cut}"}))) == {"body": f"x {REDACTED}"}
    assert redactor.text(f"{cut} and more") == f"{cut} and more"
    assert redactor.text(f"it says: {cut}… (line 3)") == f"it says: {REDACTED}… (line 3)"
    encoded = base64.b64encode(b"key=a-long-secret").decode()
    assert redactor.text(encoded[:17]) == f"{encoded[:6]}{REDACTED}"


def test_several_secrets_that_overlap_leave_nothing() -> None:
    redactor = Redactor(["abcdef", "cdefgh", "abcdefgh"])
    assert redactor.text("abcdefgh abcdef cdefgh") == f"{REDACTED} {REDACTED} {REDACTED}"


def test_the_lines_of_a_key_are_found_one_by_one() -> None:
    lines = ["-----BEGIN KEY-----", "MIIEvQIBADANBgkqhkiG9w0BAQ", "EFAASCBKcwggSjAgEAAoIBAQ", "-----END KEY-----"]
    redactor = Redactor(["\n".join(lines)])
    assert redactor.text(f"line 2: {lines[1]}") == f"line 2: {REDACTED}"
    assert REDACTED in redactor.text(base64.b64encode(f"line 3: {lines[2]}".encode()).decode())
    assert redactor.text(f"{lines[0]} of another") == f"{lines[0]} of another"


def test_without_secrets_nothing_is_done() -> None:
    redactor = Redactor([])
    assert redactor.text("x") == "x"
    assert redactor.encoded(b'"x"') == b'"x"'
