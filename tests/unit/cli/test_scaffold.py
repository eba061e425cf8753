"""What `gnatwork blocks new` writes, and what it refuses."""

import ast
import tomllib
from pathlib import Path

import pytest

from gnatwork_cli.scaffold.names import ScaffoldError, checked_names
from gnatwork_cli.scaffold.writing import files_of, write_package

NAMES = checked_names("say-hello", ())


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("", "lower case letters"),
        ("Say", "lower case letters"),
        ("say_hello", "lower case letters"),
        ("say--hello", "lower case letters"),
        ("-say", "lower case letters"),
        ("say-", "lower case letters"),
        ("9lives", "a letter first"),
        ("../say", "lower case letters"),
        ("say\n", "lower case letters"),
        ("sagé", "lower case letters"),
        ("a" * 29, "more than 28 characters"),
        ("class", "a word of Python's own"),
        ("fetch", "of this name already"),
    ],
)
def test_a_name_that_can_not_be_is_refused_with_the_reason(name: str, why: str) -> None:
    with pytest.raises(ScaffoldError, match=why):
        checked_names(name, {"fetch", "logic"})


def test_the_other_names_follow() -> None:
    assert (NAMES.module, NAMES.package, NAMES.distribution) == (
        "say_hello",
        "gnatwork_say_hello",
        "gnatwork-say-hello",
    )
    assert (NAMES.class_name, NAMES.title) == ("SayHelloBlock", "Say hello")


@pytest.mark.parametrize("name", ["a", "block", "say-hello", "b-2", "a" * 28])
def test_every_file_is_whole(name: str) -> None:
    names = checked_names(name, ())
    files = files_of(names)
    for path, text in files.items():
        assert "{{" not in text.replace("{{ input.text }}", ""), path
        assert max(map(len, text.splitlines()), default=0) <= 120, path
        if path.endswith(".py"):
            ast.parse(text)
    project = tomllib.loads(files["pyproject.toml"])
    assert project["project"]["entry-points"]["gnatwork.blocks"] == {name: f"{names.package}.blocks"}


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    folder.mkdir()
    write_package(NAMES, folder)
    mine = folder / "pyproject.toml"
    mine.write_text("mine")
    with pytest.raises(ScaffoldError, match="nothing is overwritten"):
        write_package(NAMES, folder)
    assert mine.read_text() == "mine"
    with pytest.raises(ScaffoldError, match="nothing is overwritten"):
        write_package(NAMES, mine)


def test_a_folder_that_can_not_be_written_is_told_of(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ScaffoldError, match="can't be written"):
        write_package(NAMES, tmp_path / "file" / "mine")
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
