"""Tables for people, documents for programs."""

import json

import pytest
import yaml

from gnatwork_cli.output import Format, cell, lasted, print_data, print_fields, print_rows


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.0124, "12 ms"), (1.25, "1.2 s"), (59.94, "59.9 s"), (61, "1 m 1 s"), (-0.001, "0 ms")]
)
def test_how_long_something_took(seconds: float, text: str) -> None:
    assert lasted(100.0, 100.0 + seconds) == text


def test_what_has_not_ended_took_no_time() -> None:
    assert lasted(1.0, None) == lasted(None, 1.0) == ""


def test_cells() -> None:
    assert [cell(value) for value in (None, "a", 1, {"ä": [1]})] == ["", "a", "1", '{"ä": [1]}']


def test_documents(capsys: pytest.CaptureFixture[str]) -> None:
    data = {"name": "ä", "items": [1, None]}
    print_data(data, Format.JSON)
    assert json.loads(capsys.readouterr().out) == data
    print_data(data, Format.YAML)
    assert yaml.safe_load(capsys.readouterr().out) == data


def test_a_table_keeps_long_cells_whole_in_a_pipe(capsys: pytest.CaptureFixture[str]) -> None:
    print_rows([{"run_id": "x" * 300, "status": "ok"}], ("run_id", "status"), empty="")
    head, row = capsys.readouterr().out.splitlines()
    assert head.split() == ["RUN", "ID", "STATUS"]
    assert row.split() == ["x" * 300, "ok"]


def test_a_pipe_gets_no_blanks_at_the_ends_of_lines(capsys: pytest.CaptureFixture[str]) -> None:
    print_rows([{"a": "日本", "b": "x" * 9}, {"a": "abcdef", "b": ""}], ("a", "b"), empty="")
    assert capsys.readouterr().out == f"A       B\n日本    {'x' * 9}\nabcdef\n"


@pytest.mark.parametrize("terminal", [False, True])
def test_values_are_not_markup(
    terminal: bool, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdout.isatty", lambda: terminal)
    print_rows([{"body": {"text": "[/a] [bold] :smile:"}}], ("body",), empty="")
    assert '{"text": "[/a] [bold] :smile:"}' in capsys.readouterr().out


def test_values_do_not_command_the_terminal() -> None:
    assert cell("a\x1b[31mb\x9b\r\n\tc") == "a\\x1b[31mb\\x9b\\x0d\n\tc"


def test_a_very_long_value_says_where_the_rest_is() -> None:
    text = cell({"s": "x" * 5_000_000})
    assert len(text) < 2100
    assert text.endswith("x… (5,000,009 characters; -o json has all)")


def test_an_empty_table_is_no_output(capsys: pytest.CaptureFixture[str]) -> None:
    print_rows([], ("a",), empty="Nothing there.")
    captured = capsys.readouterr()
    assert (captured.out, captured.err) == ("", "Nothing there.\n")


def test_fields_without_a_value_are_left_out(capsys: pytest.CaptureFixture[str]) -> None:
    print_fields({"run": "r", "error": None, "long_name": 1})
    assert capsys.readouterr().out == "run        r\nlong name  1\n"
