"""The values of a connection, as `gnatwork connection set` takes them: secrets never on the command line."""

import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import orjson

from gnatwork_cli.run_input import ArgumentError
from gnatwork_schemas.connections import SECRET_VALUES

#: Asks for a secret by its name.
Ask = Callable[[str], str]
#: By type of connection, which of its values are secrets.
Secrets = Mapping[str, Sequence[str]]


def read_values(
    type_: str, entries: Sequence[str], file: str | None, ask: Ask | None, secrets: Secrets = SECRET_VALUES
) -> dict[str, Any] | None:
    """The values that options describe; None where there are none, which keeps those that are stored.

    Args:
        type_: The type of the connection.
        entries: `NAME=VALUE`, `NAME=@FILE`, or `NAME` alone to be asked.
        file: One with all values as a JSON object, `-` for standard input.
        ask: Asks a person; None where there is nobody.
        secrets: By type, which values are secrets.

    Raises:
        ArgumentError: A secret stands in the open, a file can't be read, or nobody can be asked.
    """
    values = {} if file is None else _object(file)
    for entry in entries:
        name, given, text = entry.partition("=")
        if not name:
            raise ArgumentError(f"--value {entry}: write NAME=VALUE, NAME=@FILE, or NAME to be asked")
        values[name] = _value(type_, name, text, secrets) if given else _asked(name, ask)
    return values or None


def complete(type_: str, values: dict[str, Any], ask: Ask | None, secrets: Secrets = SECRET_VALUES) -> dict[str, Any]:
    """The values with those secrets that a new connection of this type needs and that were not given."""
    missing = [name for name in secrets.get(type_, ()) if name not in values]
    if ask is None or (type_ == "smtp" and "username" not in values):
        return values
    return {**values, **{name: text for name in missing if (text := ask(name))}}


def _value(type_: str, name: str, text: str, secrets: Secrets) -> str:
    if text.startswith("@"):
        return _read(text[1:]).removesuffix("\n")
    if type_ == "custom" or name in secrets.get(type_, ()):
        instead = f"`--value {name}` to be asked for it, or `--value {name}=@FILE` (`@-` for standard input)"
        raise ArgumentError(f"a secret shows in the list of processes and in the shell's history; write {instead}")
    return text


def _asked(name: str, ask: Ask | None) -> str:
    if ask is None:
        raise ArgumentError(f"nobody can be asked for `{name}`, for this is no terminal; write `--value {name}=@FILE`")
    return ask(name)


def _object(file: str) -> dict[str, Any]:
    try:
        values = orjson.loads(_read(file))
    except orjson.JSONDecodeError:
        values = None
    if not isinstance(values, dict):
        raise ArgumentError(f"--file {file}: it has to hold a JSON object with the values by name")
    return values


def _read(path: str) -> str:
    try:
        return sys.stdin.read() if path == "-" else Path(path).read_text()
    except (OSError, UnicodeDecodeError) as error:
        raise ArgumentError(f"{path} can't be read: {error}") from error
