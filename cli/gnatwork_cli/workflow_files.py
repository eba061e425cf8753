"""Definitions in files and folders, JSON or YAML: what `workflow apply` reads and `workflow export` writes."""

import json
import re
import sys
from codecs import BOM_UTF8
from collections.abc import Iterator, Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from typing import Any, NamedTuple

import orjson
import yaml

from gnatwork_cli.run_input import ArgumentError, read_program
from gnatwork_schemas.names import NAME_PATTERN

_YAML = (".yaml", ".yml")
_ENDINGS = (".json", *_YAML)
#: Plain texts of YAML that are no texts: only what JSON has, so that `on`, `no`, `12:30` and dates stay as written.
_SCALARS = (
    ("tag:yaml.org,2002:bool", r"true|false", "tf"),
    ("tag:yaml.org,2002:null", r"null|~", "n~"),
    ("tag:yaml.org,2002:null", r"", ""),
    ("tag:yaml.org,2002:int", r"-?(?:0|[1-9][0-9]*)", "-0123456789"),
    (
        "tag:yaml.org,2002:float",
        r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+(?:[eE][-+]?[0-9]+)?|[eE][-+]?[0-9]+)",
        "-0123456789",
    ),
    ("tag:yaml.org,2002:merge", r"<<", "<"),
)


class FileFormat(StrEnum):
    """How definitions are written."""

    JSON = "json"
    YAML = "yaml"


class Source(NamedTuple):
    """A definition, and where it was found."""

    name: str
    definition: dict[str, Any]
    place: str


class _Loader(yaml.SafeLoader):
    """Reads the plain texts of `_SCALARS` as what they are, and all others as texts."""


_Loader.yaml_implicit_resolvers = {}
for _tag, _pattern, _first in _SCALARS:
    _Loader.add_implicit_resolver(_tag, re.compile(rf"^(?:{_pattern})$"), [*_first] or [""])


def read_sources(paths: Sequence[str], name: str | None = None) -> list[Source]:
    """The definitions in files and folders, each under the name to store it by.

    Args:
        paths: files, folders, and `-` for standard input. Of a folder all `.json`, `.yaml` and `.yml` in it, however
            deep, but for hidden ones. A file may hold several, as an array or as several documents; one that ends in
            `.js` or `.py` is a program, whose function `main` is called.
        name: that of the only one there is; otherwise the `name` in each, or the name of its file.

    Raises:
        ArgumentError: something can't be read, is no definition, or has no name or one that another has.
    """
    found = [source for path in paths for source in _sources(path, name)]
    if name is not None and len(found) > 1:
        raise ArgumentError(f"--name is for one definition, and there are {len(found)}")
    check_names(found)
    return found


def check_names(found: Sequence[Source]) -> None:
    """Raise ArgumentError where two have the same name."""
    places: dict[str, str] = {}
    for source in found:
        if source.name in places:
            raise ArgumentError(f"{source.place} and {places[source.name]} both define `{source.name}`")
        places[source.name] = source.place


def write_sources(folder: Path, definitions: Mapping[str, Any], format: FileFormat) -> list[Path]:
    """Write each definition to a file of its name; the files."""
    folder.mkdir(parents=True, exist_ok=True)
    files = []
    for name, definition in definitions.items():
        file = folder / f"{name}.{format}"
        file.write_text(as_text([definition], format))
        files.append(file)
    return files


def as_text(definitions: Sequence[Any], format: FileFormat) -> str:
    """Definitions as `read_sources` reads them: one alone, several as an array or as documents."""
    if format is FileFormat.YAML:
        return str(yaml.safe_dump_all(definitions, sort_keys=False, allow_unicode=True))
    return json.dumps(definitions[0] if len(definitions) == 1 else definitions, indent=2, ensure_ascii=False) + "\n"


def _sources(path: str, name: str | None) -> Iterator[Source]:
    if path == "-":
        yield from _read("standard input", sys.stdin.buffer.read(), None, name)
        return
    for file in _files(Path(path)):
        try:
            data = file.read_bytes()
        except OSError as error:
            raise ArgumentError(f"{file} can't be read: {error.strerror}") from error
        yield from _read(str(file), data, file, name)


def _files(path: Path) -> list[Path]:
    if not path.is_dir():
        return [path]
    below = (file for file in path.rglob("*") if file.suffix in _ENDINGS and file.is_file())
    shown = [file for file in below if not any(part.startswith(".") for part in file.relative_to(path).parts)]
    if not shown:
        raise ArgumentError(f"{path} has no definitions: no file that ends in {', '.join(_ENDINGS)}")
    return sorted(shown)


def _read(place: str, data: bytes, file: Path | None, name: str | None) -> Iterator[Source]:
    values = _values(place, data, file)
    for number, value in enumerate(values, start=1):
        where = place if len(values) == 1 else f"{place} ({number})"
        if not isinstance(value, dict):
            raise ArgumentError(f"{where} holds no definition: it must be an object with `blocks` or `steps`")
        yield Source(_name(where, value, file if len(values) == 1 else None, name), value, where)


def _values(place: str, data: bytes, file: Path | None) -> list[Any]:
    """What a file holds. Standard input is JSON if it begins as such, else YAML; a program is a workflow."""
    if file and (program := read_program(file)) is not None:
        return [program]
    data = data.removeprefix(BOM_UTF8)
    try:
        if file.suffix in _YAML if file else data.lstrip()[:1] not in {b"{", b"["}:
            values = [value for value in yaml.load_all(data, _Loader) if value is not None]
            # Once through JSON, whose keys are texts.
            values = orjson.loads(orjson.dumps(values))
        else:
            values = [orjson.loads(data)]
    except (ValueError, TypeError, RecursionError, yaml.YAMLError) as error:
        raise ArgumentError(f"{place} can't be read: {error}") from error
    if len(values) == 1 and isinstance(values[0], list):
        return list(values[0])
    if not values:
        raise ArgumentError(f"{place} is empty")
    return values


def _name(place: str, definition: Mapping[str, Any], file: Path | None, name: str | None) -> str:
    given = definition.get("name")
    if name and isinstance(given, str) and re.fullmatch(NAME_PATTERN, given) and given != name:
        raise ArgumentError(f"{place} says that it is `{given}`, and --name says `{name}`")
    wanted = name or given or (file.stem if file else None)
    # What is no name of a workflow may be one in another language: whoever compiles it says.
    if not isinstance(wanted, str) or (wanted != given and not re.fullmatch(NAME_PATTERN, wanted)):
        raise ArgumentError(f"{place} has no `name` that a workflow can have; add one, or say --name NAME")
    return wanted
