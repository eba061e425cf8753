"""What commands about runs are given: files, names, JSON, labels, times."""

import re
import sys
from codecs import BOM_UTF8
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

import orjson

from gnatwork.scripts import LANGUAGES, read_script
from gnatwork_schemas.errors import GnatworkError
from gnatwork_schemas.names import NAME_PATTERN


class ArgumentError(GnatworkError):
    """An argument can't be used."""


def read_definition(name: str) -> dict[str, Any]:
    """The definition in a file, or on standard input for `-`; a file that ends in `.js` or `.py` is a program.

    Raises:
        ArgumentError: there is no such file, or it holds no JSON object.
    """
    if (program := read_program(Path(name))) is not None:
        return program
    value = _parse(_read(name), _shown(name))
    if not isinstance(value, dict):
        raise ArgumentError(f"{_shown(name)} holds no definition: it must be a JSON object")
    return value


def read_program(file: Path) -> dict[str, Any] | None:
    """The workflow that the program in a file is; None for files of other endings. Raises ArgumentError."""
    if file.suffix not in LANGUAGES:
        return None
    try:
        return read_script(file)
    except OSError as error:
        raise ArgumentError(f"{file} can't be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise ArgumentError(f"{file} is not UTF-8") from error


def read_workflow(name: str, version: int | None = None) -> dict[str, Any] | str:
    """The definition in a file, or on standard input for `-`; where there is no such file, a name as it is.

    Raises:
        ArgumentError: it is neither a file with a JSON object nor a name, or a file has no such thing as a version.
    """
    if name != "-" and not Path(name).exists() and re.fullmatch(NAME_PATTERN, name):
        return name
    if version is not None:
        raise ArgumentError(f"--version is for stored workflows, and {_shown(name)} is a file")
    return read_definition(name)


def with_entry(workflow: dict[str, Any] | str, entry: str | None) -> dict[str, Any] | str:
    """A workflow whose program begins with this function; ArgumentError for a stored one."""
    if entry is None:
        return workflow
    if isinstance(workflow, str):
        raise ArgumentError(f"--entry is for programs in files, and `{workflow}` is a stored workflow")
    return {**workflow, "entry": entry}


def read_json(option: str, text: str | None) -> Any:
    """The value that an option gives: JSON, or `@` and a file with it; None for none.

    Raises:
        ArgumentError: there is no such file, or it is not JSON.
    """
    if text is None:
        return None
    if text.startswith("@"):
        return _parse(_read(text[1:]), _shown(text[1:]))
    return _parse(text.encode(errors="surrogateescape"), option)


def parse_labels(entries: Sequence[str]) -> dict[str, str]:
    """`["team=a"]` as a mapping; ArgumentError for anything else."""
    labels = {}
    for entry in entries:
        name, separator, value = entry.partition("=")
        if not (name and separator):
            raise ArgumentError(f"--label {entry}: write NAME=VALUE")
        labels[name] = value
    return labels


def parse_moment(option: str, text: str | None) -> datetime | None:
    """A time in the form of ISO 8601, local unless it says otherwise; ArgumentError for anything else."""
    try:
        return None if text is None else datetime.fromisoformat(text)
    except ValueError:
        raise ArgumentError(f"{option} {text}: write a time such as 2026-11-20T08:00:00Z") from None


def parse_version(text: str | None) -> int | Literal["published"] | None:
    """The number of a version, or `published`; ArgumentError for anything else."""
    if text is None:
        return None
    if text == "published":
        return "published"
    if not (text.isascii() and text.isdigit() and int(text)):
        raise ArgumentError(f"--version {text}: write a number, or `published`")
    return int(text)


def _read(name: str) -> bytes:
    try:
        return sys.stdin.buffer.read() if name == "-" else Path(name).read_bytes()
    except OSError as error:
        raise ArgumentError(f"{_shown(name)} can't be read: {error.strerror}") from error


def _parse(data: bytes, name: str) -> Any:
    """As strict as the manager is, so that what is sent is what was written."""
    try:
        return orjson.loads(data.removeprefix(BOM_UTF8))
    except ValueError as error:
        reason = "it is empty" if not data.strip() else str(error)
        raise ArgumentError(f"{name} is not JSON: {reason}") from error


def _shown(name: str) -> str:
    return "standard input" if name == "-" else name
