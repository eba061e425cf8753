"""The documents promise nothing that is not there: commands, and targets of make."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.documents import ROOT, documents, fences, named, prose

from docs.generator.commands import Command, all_commands
from gnatwork_schemas.codes import CODES

COMMANDS = {command.name: command for command in all_commands()}
_INLINE = re.compile(r"`(?P<text>[^`\n]+)`")
_MAKE = re.compile(r"\bmake (?P<target>[a-z]+)")
_LINE = re.compile(r"(?<!\\)\n")
#: Where a command ends and another begins, or its output goes elsewhere.
_ENDS = {"|", "||", "&&", ";", ">", "2>"}


def _calls(text: str) -> Iterator[list[str]]:
    """The words of each call of `gnatwork` in a shell script."""
    for line in _LINE.split(text):
        at = line.find("gnatwork ")
        if at < 0 or (at and line[at - 1] not in " ($"):
            continue
        script = line[at:].partition(" | ")[0].replace("\\\n", " ")
        words = shlex.split(script, comments=True)
        end = next((index for index, word in enumerate(words) if word in _ENDS), len(words))
        yield words[:end]


def _check(words: list[str], place: str) -> None:
    command = COMMANDS["gnatwork"]
    for index, word in enumerate(words[1:], 2):
        if command.is_group and not word.startswith("-"):
            name = " ".join(words[:index])
            assert name in COMMANDS, f"{place}: there is no command `{name}`"
            command = COMMANDS[name]
        elif word.startswith("-") and not word.lstrip("-").isdigit():
            option = word.partition("=")[0]
            assert option in _options(command), f"{place}: `{command.name}` has no option {option}"


def _options(command: Command) -> set[str]:
    return {"-h", "--help", *(option for parameter in command.parameters for option in parameter.opts)}


@pytest.mark.parametrize("document", documents(), ids=named)
def test_every_command_that_is_shown_exists(document: Path) -> None:
    for fence in fences(document):
        if fence.info in {"sh", ""}:
            for words in _calls(fence.text):
                _check(words, fence.place)


def _mentioned() -> list[str]:
    texts = [prose(document) for document in documents()]
    texts += [entry.advice for entry in CODES.values()]
    return sorted({m["text"] for text in texts for m in _INLINE.finditer(text) if m["text"].startswith("gnatwork ")})


@pytest.mark.parametrize("text", _mentioned())
def test_every_command_that_is_mentioned_exists(text: str) -> None:
    _check([word for word in text.split() if word != "…"], text)


def test_calls_are_found() -> None:
    script = "x=$(gnatwork run list --limit 1 -o json | python3)\ngnatwork up # it all\ncd gnatwork\n"
    assert list(_calls(script)) == [["gnatwork", "run", "list", "--limit", "1", "-o", "json"], ["gnatwork", "up"]]


def test_every_target_that_is_mentioned_exists() -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    for document in documents():
        for fence in fences(document):
            if fence.info == "sh":
                assert set(_MAKE.findall(fence.text)) <= targets, fence.place
        mentioned = {m["target"] for span in _INLINE.findall(prose(document)) for m in _MAKE.finditer(span)}
        assert mentioned <= targets, named(document)
