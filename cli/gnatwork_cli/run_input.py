"""What `run start` is given: files, JSON, labels."""

import re
import sys
from codecs import BOM_UTF8
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import orjson

from gnatwork_schemas.errors import GnatworkError
from gnatwork_schemas.names import NAME_PATTERN


class ArgumentError(GnatworkError):
    """An argument can't be used."""


def read_definition(name: str) -> dict[str, Any]:
    """The definition in a file, or on standard input for `-`.

    Raises:
        ArgumentError: there is no such file, or it holds no JSON object.
    """
    if name != "-" and not Path(name).exists() and re.match(NAME_PATTERN, name):
        raise ArgumentError(
            f"there is no file {name!r}, and workflows can't be stored under a name in this version; give a file with"
            " the definition"
        )
    value = _parse(_read(name), _shown(name))
    if not isinstance(value, dict):
        raise ArgumentError(f"{_shown(name)} holds no definition: it must be a JSON object")
    return value


def read_input(text: str | None) -> Any:
    """The input that `--input` gives: JSON, or `@` and a file with it.

    Raises:
        ArgumentError: there is no such file, or it is not JSON.
    """
    if text is None:
        return None
    if text.startswith("@"):
        return _parse(_read(text[1:]), _shown(text[1:]))
    return _parse(text.encode(errors="surrogateescape"), "--input")


def parse_labels(entries: Sequence[str]) -> dict[str, str]:
    """`["team=a"]` as a mapping; ArgumentError for anything else."""
    labels = {}
    for entry in entries:
        name, separator, value = entry.partition("=")
        if not (name and separator):
            raise ArgumentError(f"--label {entry}: write NAME=VALUE")
        labels[name] = value
    return labels


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
