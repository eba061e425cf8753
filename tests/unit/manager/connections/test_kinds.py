"""The types of connections: what they take, and what they offer."""

import base64
from typing import Any

import pytest

from gnatwork_manager.connections.documents import SealedToken
from gnatwork_manager.connections.kinds import offers, read_values, resolved
from gnatwork_manager.problems import ProblemError
from gnatwork_schemas.connections import SECRET_VALUES, VALUES, ConnectionType


def basic(text: str) -> str:
    return f"Basic {base64.b64encode(text.encode()).decode()}"


@pytest.mark.parametrize(
    ("type_", "values", "offered", "secret"),
    [
        ("header", {"name": "X-Key", "value": "k3y-value"}, {"name": "X-Key", "value": "k3y-value"}, ["value"]),
        (
            "basic",
            {"username": "ada", "password": "pa55word"},
            {"username": "ada", "password": "pa55word", "authorization": basic("ada:pa55word")},
            ["password", "authorization"],
        ),
        (
            "basic",
            {"username": "sk_live_1"},
            {"username": "sk_live_1", "password": "", "authorization": basic("sk_live_1:")},
            ["authorization", "username"],
        ),
        (
            "bearer",
            {"token": "t0ken"},
            {"token": "t0ken", "authorization": "Bearer t0ken"},
            ["token", "authorization"],
        ),
        (
            "bearer",
            {"token": "t0ken", "base_url": "https://x.test/v1"},
            {"token": "t0ken", "authorization": "Bearer t0ken", "base_url": "https://x.test/v1"},
            ["token", "authorization"],
        ),
        ("smtp", {"host": "mail"}, {"host": "mail", "port": 587, "tls": "starttls"}, []),
        (
            "smtp",
            {"host": "mail", "port": "25", "username": "ada", "password": "pa55", "tls": "none"},
            {"host": "mail", "port": 25, "username": "ada", "password": "pa55", "tls": "none"},
            ["password"],
        ),
        ("custom", {"url": "https://x", "key_2": "word"}, {"url": "https://x", "key_2": "word"}, ["url", "key_2"]),
    ],
)
def test_what_is_stored_is_offered(type_: ConnectionType, values: Any, offered: Any, secret: list[str]) -> None:
    read = read_values(type_, values)
    found = resolved(type_, read)
    assert (found.values, list(found.secret)) == (offered, secret)
    assert sorted(offers(type_, tuple(read))) == sorted(offered)


def test_of_oauth2_the_token_is_offered_and_nothing_that_it_was_had_with() -> None:
    values = {"grant": "client_credentials", "token_url": "https://x.test/t", "client_id": "me"}
    read = read_values("oauth2", {**values, "client_secret": "s3cr3t"})
    found = resolved("oauth2", read, SealedToken(access_token="t0ken", token_type="bearer", refresh_token="r3fresh"))
    assert found.values == {"token": "t0ken", "authorization": "Bearer t0ken"}
    assert set(found.secret) == {"token", "authorization"}
    read["base_url"] = "https://x.test/v1"
    other = resolved("oauth2", read, SealedToken(access_token="t0ken", token_type="DPoP"))
    assert other.values["base_url"] == read["base_url"]
    assert other.values["authorization"] == "DPoP t0ken"


_CLIENT = {"token_url": "https://x.test/t", "client_id": "me"}


@pytest.mark.parametrize(
    ("type_", "values", "pointer"),
    [
        ("bearer", {"token": "s3c"}, "/values/token"),
        ("bearer", {"token": "s3cr3t", "more": "s3cr3t"}, "/values/more"),
        ("bearer", {}, "/values/token"),
        ("basic", {"username": "ada", "password": "s3c"}, "/values"),
        ("basic", {"username": "s3c"}, "/values"),
        ("header", {"name": "X Key", "value": "s3cr3t"}, "/values/name"),
        ("smtp", {"host": "h", "port": 0}, "/values/port"),
        ("smtp", {"host": "h", "tls": "s3cr3t"}, "/values/tls"),
        ("bearer", {"token": "s3cr3t", "base_url": "example.com"}, "/values/base_url"),
        ("custom", {}, "/values"),
        ("custom", {"a.b": "s3cr3t"}, "/values/a.b/[key]"),
        ("custom", {"a": 12345}, "/values/a"),
        ("custom", {"a": "s3cr3t" * 20_000}, "/values/a"),
        ("oauth2", {"grant": "password"}, "/values/grant"),
        ("oauth2", {**_CLIENT, "grant": "client_credentials"}, "/values"),
        ("oauth2", {**_CLIENT, "grant": "authorization_code"}, "/values"),
        ("oauth2", {**_CLIENT, "grant": "authorization_code", "authorize_url": "ftp://x"}, "/values/authorize_url"),
        ("oauth2", {**_CLIENT, "token_url": "https://x y", "grant": "client_credentials"}, "/values/token_url"),
    ],
)
def test_what_is_wrong_is_said_without_the_values(type_: ConnectionType, values: Any, pointer: str) -> None:
    with pytest.raises(ProblemError) as caught:
        read_values(type_, values)
    assert caught.value.code == "connection.invalid"
    assert pointer in [fault.pointer for fault in caught.value.errors]
    assert "s3c" not in str(caught.value) + str(caught.value.errors)


def test_all_values_together_are_bounded() -> None:
    with pytest.raises(ProblemError, match="in all"):
        read_values("custom", {f"v{number}": "x" * 60_000 for number in range(5)})


def test_the_secrets_of_each_type_are_values_of_it() -> None:
    for type_, model in VALUES.items():
        assert set(SECRET_VALUES.get(type_, ())) <= set(model.model_fields if model else ())
