"""What `run start` takes, and what it says to what it does not take."""

import io
from pathlib import Path

import pytest

from gnatwork_cli.run_input import ArgumentError, parse_labels, read_definition, read_input


def test_a_definition_from_a_file(tmp_path: Path) -> None:
    file = tmp_path / "w.json"
    file.write_text('{"blocks": []}')
    assert read_definition(str(file)) == {"blocks": []}


def test_a_definition_from_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b'{"steps": []}')))
    assert read_definition("-") == {"steps": []}


def test_a_name_says_that_stored_workflows_come_later() -> None:
    with pytest.raises(ArgumentError, match="can't be stored under a name in this version"):
        read_definition("headlines")


@pytest.mark.parametrize(
    ("text", "message"),
    [("[1]", "must be a JSON object"), ('{"a": }', "is not JSON: .*line 1 column 7"), ("", "is not JSON: it is empty")],
)
def test_a_file_without_a_definition(tmp_path: Path, text: str, message: str) -> None:
    file = tmp_path / "w.json"
    file.write_text(text)
    with pytest.raises(ArgumentError, match=message):
        read_definition(str(file))


def test_a_file_that_is_not_there() -> None:
    with pytest.raises(ArgumentError, match="No such file"):
        read_definition("no/such.json")


@pytest.mark.parametrize(
    "data",
    [b"\xff\xfe{}", b'{"n": NaN}', b'{"n": "\\ud83d"}', b'{"n": ' + b"[" * 100_000 + b"]" * 100_000 + b"}"],
    ids=["no-text", "not-a-number", "half-a-character", "deep"],
)
def test_a_file_that_the_manager_would_not_take(tmp_path: Path, data: bytes) -> None:
    file = tmp_path / "w.json"
    file.write_bytes(data)
    with pytest.raises(ArgumentError, match=r"is not JSON: .*line 1 column"):
        read_definition(str(file))


def test_a_byte_order_mark_does_no_harm(tmp_path: Path) -> None:
    file = tmp_path / "w.json"
    file.write_text('{"blocks": []}', encoding="utf-8-sig")
    assert read_definition(str(file)) == {"blocks": []}


def test_inputs(tmp_path: Path) -> None:
    file = tmp_path / "input.json"
    file.write_text('{"n": 1}')
    assert read_input(None) is None
    assert read_input("[1, 2]") == [1, 2]
    assert read_input(f"@{file}") == {"n": 1}
    with pytest.raises(ArgumentError, match="--input is not JSON"):
        read_input("{n: 1}")


def test_labels() -> None:
    assert parse_labels(["a=b", "c=d=e"]) == {"a": "b", "c": "d=e"}
    for wrong in ("a", "=b"):
        with pytest.raises(ArgumentError, match="write NAME=VALUE"):
            parse_labels([wrong])
