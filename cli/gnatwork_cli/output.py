"""How commands print: a table for people, JSON or YAML for programs."""

import json
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Any

import typer
import yaml
from rich.console import Console
from rich.table import Table

from gnatwork_cli.messages import hint, say

#: Columns of a line in a pipe, where nothing is to be folded.
_ENDLESS = 1_000_000


class Format(StrEnum):
    """What `-o` takes."""

    TABLE = "table"
    JSON = "json"
    YAML = "yaml"


OutputOption = Annotated[Format, typer.Option("--output", "-o", help="How to print.")]


def print_data(data: Any, format: Format) -> None:
    """Print a document as JSON or YAML."""
    if format is Format.YAML:
        say(yaml.safe_dump(data, sort_keys=False, allow_unicode=True).rstrip("\n"))
    else:
        say(json.dumps(data, indent=2, ensure_ascii=False))


def print_rows(rows: Sequence[Mapping[str, Any]], columns: Sequence[str], *, empty: str) -> None:
    """Print rows as a table; `empty` is said when there are none."""
    if not rows:
        hint(empty)
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        table.add_column(column.replace("_", " ").upper(), overflow="fold")
    for row in rows:
        table.add_row(*(cell(row.get(column)) for column in columns))
    console().print(table)


def print_fields(fields: Mapping[str, Any]) -> None:
    """Print one thing, a line per field; fields that are None are left out."""
    width = max(len(name) for name in fields)
    for name, value in fields.items():
        if value is not None:
            text = cell(value).replace("\n", "\n" + " " * (width + 2))
            say(f"{name.replace('_', ' '):<{width}}  {text}")


def cell(value: Any) -> str:
    """A value as a table shows it."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False)


def moment(seconds: float | None) -> str:
    """Unix seconds as a local time of day with its date."""
    if seconds is None:
        return ""
    return datetime.fromtimestamp(seconds, UTC).astimezone().strftime("%Y-%m-%d %H:%M:%S")


def lasted(start: float | None, end: float | None) -> str:
    """How long something took, with its unit."""
    if start is None or end is None:
        return ""
    seconds = max(0.0, end - start)
    if seconds < 1:
        return f"{seconds * 1000:.0f} ms"
    return f"{seconds:.1f} s" if seconds < 60 else f"{int(seconds // 60)} m {int(seconds % 60)} s"


def console() -> Console:
    """Standard output, as wide as the terminal; in a pipe as wide as the content."""
    return Console(width=None if sys.stdout.isatty() else _ENDLESS, highlight=False)
