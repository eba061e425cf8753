"""What `run start` takes, and what it says to what it does not take."""

import io
from datetime import UTC, datetime
from pathlib import Path

import pytest

from gnatwork_cli.run_input import (
    ArgumentError,
    parse_labels,
    parse_moment,
    parse_version,
    read_definition,
    read_json,
    read_workflow,
)


def test_a_definition_from_a_file(tmp_path: Path) -> None:
    file = tmp_path / "w.json"
    file.write_text('{"blocks": []}')
    assert read_definition(str(file)) == {"blocks": []}


def test_a_definition_from_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b'{"steps": []}')))
    assert read_definition("-") == {"steps": []}


def test_what_is_no_file_is_the_name_of_a_stored_workflow(tmp_path: Path) -> None:
    file = tmp_path / "w.json"
    file.write_text('{"blocks": []}')
    assert read_workflow("headlines") == read_workflow("headlines", 2) == "headlines"
    assert read_workflow(str(file)) == {"blocks": []}
    for neither in ("No-Name", "headlines.json", ""):
        with pytest.raises(ArgumentError, match=r"No such file|Is a directory"):
            read_workflow(neither)
    with pytest.raises(ArgumentError, match="--version is for stored workflows"):
        read_workflow(str(file), 2)


def test_a_file_with_the_name_of_a_workflow_comes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "headlines").write_text('{"steps": []}')
    monkeypatch.chdir(tmp_path)
    assert read_workflow("headlines") == {"steps": []}


def test_moments() -> None:
    assert parse_moment("--at", None) is None
    assert parse_moment("--at", "2026-11-20T08:00:00Z") == datetime(2026, 11, 20, 8, tzinfo=UTC)
    with pytest.raises(ArgumentError, match="--at soon: write a time"):
        parse_moment("--at", "soon")


def test_versions() -> None:
    assert [parse_version(text) for text in (None, "published", "12")] == [None, "published", 12]
    for wrong in ("0", "-1", "latest", "²", ""):
        with pytest.raises(ArgumentError, match="write a number"):
            parse_version(wrong)


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
    assert read_json("--input", None) is None
    assert read_json("--input", "[1, 2]") == [1, 2]
    assert read_json("--data", f"@{file}") == {"n": 1}
    with pytest.raises(ArgumentError, match="--data is not JSON"):
        read_json("--data", "{n: 1}")


def test_labels() -> None:
    assert parse_labels(["a=b", "c=d=e"]) == {"a": "b", "c": "d=e"}
    for wrong in ("a", "=b"):
        with pytest.raises(ArgumentError, match="write NAME=VALUE"):
            parse_labels([wrong])
