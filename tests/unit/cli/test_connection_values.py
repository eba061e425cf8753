"""The values of `gnatwork connection set`: secrets come from files and people, not from the command line."""

import io
from pathlib import Path

import pytest

from gnatwork_cli.connection_values import complete, read_values
from gnatwork_cli.run_input import ArgumentError


def test_what_is_no_secret_may_stand_in_the_open() -> None:
    entries = ["username=ada", "password"]
    assert read_values("basic", entries, None, lambda name: f"{name}!") == {"username": "ada", "password": "password!"}
    assert read_values("smtp", ["host=mail", "port=25"], None, None) == {"host": "mail", "port": "25"}


@pytest.mark.parametrize(
    ("type_", "entry"),
    [("basic", "password=x"), ("bearer", "token=x"), ("oauth2", "client_secret=x"), ("custom", "anything=x")],
)
def test_a_secret_may_not(type_: str, entry: str) -> None:
    with pytest.raises(ArgumentError, match="list of processes"):
        read_values(type_, [entry], None, None)


def test_values_come_from_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "key").write_text("line 1\nline 2\n\n")
    assert read_values("custom", [f"key=@{tmp_path}/key"], None, None) == {"key": "line 1\nline 2\n"}
    monkeypatch.setattr("sys.stdin", io.StringIO("from a pipe\n"))
    assert read_values("bearer", ["token=@-"], None, None) == {"token": "from a pipe"}


def test_all_values_may_come_from_one(tmp_path: Path) -> None:
    file = tmp_path / "values.json"
    file.write_text('{"host": "mail", "port": 25}')
    assert read_values("smtp", ["host=other"], str(file), None) == {"host": "other", "port": 25}
    file.write_text("[]")
    with pytest.raises(ArgumentError, match="JSON object"):
        read_values("smtp", [], str(file), None)


def test_what_can_not_be_read_or_asked_is_said() -> None:
    with pytest.raises(ArgumentError, match="no-such-file"):
        read_values("bearer", ["token=@no-such-file"], None, None)
    with pytest.raises(ArgumentError, match="no terminal"):
        read_values("bearer", ["token"], None, None)
    with pytest.raises(ArgumentError, match="NAME=VALUE"):
        read_values("bearer", ["=x"], None, None)


def test_without_any_value_those_that_are_stored_stay() -> None:
    assert read_values("bearer", [], None, None) is None


def test_secrets_that_are_missing_are_asked_for() -> None:
    assert complete("bearer", {}, str.upper) == {"token": "TOKEN"}
    assert complete("bearer", {"token": "x"}, str.upper) == {"token": "x"}
    assert complete("bearer", {}, lambda _: "") == {}
    assert complete("bearer", {}, None) == {}
    assert complete("smtp", {"host": "mail"}, str.upper) == {"host": "mail"}
    assert complete("smtp", {"username": "ada"}, str.upper) == {"username": "ada", "password": "PASSWORD"}
    assert complete("custom", {}, str.upper) == {}
