"""What `run start` is given: files, JSON, labels."""

import json
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

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
    value = _parse(_read(name), name)
    if not isinstance(value, dict):
        raise ArgumentError(f"{name} holds no definition: it must be a JSON object")
    return value


def read_input(text: str | None) -> Any:
    """The input that `--input` gives: JSON, or `@` and a file with it.

    Raises:
        ArgumentError: there is no such file, or it is not JSON.
    """
    if text is None:
        return None
    if text.startswith("@"):
        return _parse(_read(text[1:]), text[1:])
    return _parse(text, "--input")


def parse_labels(entries: Sequence[str]) -> dict[str, str]:
    """`["team=a"]` as a mapping; ArgumentError for anything else."""
    labels = {}
    for entry in entries:
        name, separator, value = entry.partition("=")
        if not (name and separator):
            raise ArgumentError(f"--label {entry}: write NAME=VALUE")
        labels[name] = value
    return labels


def _read(name: str) -> str:
    try:
        return sys.stdin.read() if name == "-" else Path(name).read_text()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise ArgumentError(f"{name} can't be read: {reason}") from error


def _parse(text: str, name: str) -> Any:
    try:
        return json.loads(text)
    except ValueError as error:
        raise ArgumentError(f"{name} is not JSON: {error}") from error
