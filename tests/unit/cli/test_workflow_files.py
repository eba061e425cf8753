"""Definitions in files and folders: what is read, under which names, and that it comes back as it was written."""

import io
import json
from pathlib import Path
from typing import Any

import pytest

from gnatwork_cli.run_input import ArgumentError
from gnatwork_cli.workflow_files import FileFormat, as_text, read_sources, write_sources

NEWS: dict[str, Any] = {"name": "news", "blocks": [{"id": "a", "type": "noop", "retry": {"on": ["http.timeout"]}}]}
OLDS: dict[str, Any] = {"name": "olds", "steps": [{"id": "a", "type": "noop", "config": {"at": "12:30", "n": 1.5}}]}


def write(folder: Path, name: str, value: Any) -> str:
    file = folder / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(value if isinstance(value, str) else json.dumps(value))
    return str(file)


def test_a_file_and_a_folder(tmp_path: Path) -> None:
    write(tmp_path, "b/news.json", NEWS)
    write(tmp_path, "a.yaml", as_text([OLDS], FileFormat.YAML))
    write(tmp_path, ".hidden/x.json", "{")
    write(tmp_path, "notes.md", "no definition")
    assert [(one.name, one.definition) for one in read_sources([str(tmp_path)])] == [("olds", OLDS), ("news", NEWS)]
    assert [one.name for one in read_sources([str(tmp_path / "b/news.json"), str(tmp_path / "a.yaml")])] == [
        "news",
        "olds",
    ]


def test_the_name_of_a_definition(tmp_path: Path) -> None:
    nameless: dict[str, Any] = {"blocks": []}
    file = write(tmp_path, "orders.json", nameless)
    assert read_sources([file])[0].name == "orders"
    assert read_sources([file], "others")[0].name == "others"
    assert read_sources([write(tmp_path, "x.json", NEWS)])[0].name == "news"
    with pytest.raises(ArgumentError, match="has no `name` that a workflow can have"):
        read_sources([write(tmp_path, "No Name.json", nameless)])
    with pytest.raises(ArgumentError, match="says that it is `news`, and --name says `olds`"):
        read_sources([write(tmp_path, "x.json", NEWS)], "olds")
    # Other languages have names that are to be made into some.
    assert read_sources([write(tmp_path, "x.json", {"name": "The News"})])[0].name == "The News"
    assert read_sources([write(tmp_path, "x.json", {"name": "The News"})], "the-news")[0].name == "the-news"


def test_two_of_a_name(tmp_path: Path) -> None:
    files = [write(tmp_path, name, NEWS) for name in ("a.json", "b.json")]
    with pytest.raises(ArgumentError, match=r"b\.json and .*a\.json both define `news`"):
        read_sources(files)
    with pytest.raises(ArgumentError, match="--name is for one definition"):
        read_sources([write(tmp_path, one, {"blocks": []}) for one in ("c.json", "d.json")], "news")


@pytest.mark.parametrize("written", list(FileFormat))
@pytest.mark.parametrize("definitions", [[NEWS], [NEWS, OLDS]])
def test_what_is_written_is_read_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, written: FileFormat, definitions: list[dict[str, Any]]
) -> None:
    text = as_text(definitions, written)
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(text.encode())))
    assert [one.definition for one in read_sources(["-"])] == definitions
    files = write_sources(tmp_path / "new", {one["name"]: one for one in definitions}, written)
    assert [file.name for file in files] == [f"{one['name']}.{written}" for one in definitions]
    assert [one.definition for one in read_sources([str(file) for file in files])] == definitions


def test_yaml_knows_the_scalars_of_json_and_no_others(tmp_path: Path) -> None:
    text = """
    name: news
    retry: {on: [no, yes]}
    config: {a: 010, b: 12:30, c: 2026-11-20, d: 1e3, e: true, f: null, g: , h: -1.5, i: 0x10, j: True, k: ~}
    """
    (source,) = read_sources([write(tmp_path, "x.yml", text)])
    assert source.definition["retry"] == {"on": ["no", "yes"]}
    expected = {"a": "010", "b": "12:30", "c": "2026-11-20", "d": 1000.0, "e": True, "f": None, "g": None, "h": -1.5}
    assert source.definition["config"] == {**expected, "i": "0x10", "j": "True", "k": None}


def test_anchors_are_followed(tmp_path: Path) -> None:
    text = "name: news\nblocks: [&a {id: a, type: noop}, {<<: *a, id: b}]"
    (source,) = read_sources([write(tmp_path, "x.yaml", text)])
    assert source.definition["blocks"] == [{"id": "a", "type": "noop"}, {"id": "b", "type": "noop"}]


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("x.json", "{", "can't be read"),
        ("x.json", "", "can't be read"),
        ("x.json", '"news"', "holds no definition"),
        ("x.json", "[1]", "holds no definition"),
        ("x.yaml", "a: [", "can't be read"),
        ("x.yaml", "", "is empty"),
        ("x.yaml", "{1: a}", "can't be read"),
        ("x.yaml", "a: !!binary aGk=", "can't be read"),
        ("x.yaml", "a: &a [*a]", "can't be read"),
        ("x.yaml", "a: !!python/object/apply:os.getcwd []", "can't be read"),
        ("x.yaml", "[" * 5000, "can't be read"),
    ],
)
def test_what_is_no_definition(tmp_path: Path, name: str, text: str, message: str) -> None:
    with pytest.raises(ArgumentError, match=message):
        read_sources([write(tmp_path, name, text)])


def test_what_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ArgumentError, match="No such file"):
        read_sources([str(tmp_path / "none.json")])
    with pytest.raises(ArgumentError, match="has no definitions"):
        read_sources([str(tmp_path)])
