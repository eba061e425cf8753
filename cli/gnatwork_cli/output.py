"""How commands print: a table for people, JSON or YAML for programs."""

import json
import re
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Any

import typer
import yaml
from rich.cells import cell_len
from rich.console import Console
from rich.table import Table

from gnatwork_cli.messages import hint, say

#: Characters of a value that a table shows; the rest is for `-o json`.
_LONGEST = 2000
#: What would move the cursor or colour the terminal, if a value that came from elsewhere were printed as it is.
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


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
    titles = [column.replace("_", " ").upper() for column in columns]
    lines = [[cell(row.get(column)) for column in columns] for row in rows]
    if sys.stdout.isatty():
        _print_table(titles, lines)
    else:
        _print_lines([titles, *lines])


def print_fields(fields: Mapping[str, Any]) -> None:
    """Print one thing, a line per field; fields that are None are left out."""
    width = max(len(name) for name in fields)
    for name, value in fields.items():
        if value is not None:
            text = cell(value).replace("\n", "\n" + " " * (width + 2))
            say(f"{name.replace('_', ' '):<{width}}  {text}")


def cell(value: Any) -> str:
    """A value as a table shows it: cut where it is very long, and with control characters written out."""
    if value is None:
        return ""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    if len(text) > _LONGEST:
        text = f"{text[:_LONGEST]}… ({len(text):,} characters; -o json has all)"
    return _CONTROL.sub(lambda match: f"\\x{ord(match[0]):02x}", text)


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
    """The terminal; texts are printed as they are, whatever brackets and colons they hold."""
    return Console(highlight=False, markup=False, emoji=False)


def _print_table(titles: Sequence[str], lines: Sequence[Sequence[str]]) -> None:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for title in titles:
        table.add_column(title, overflow="fold")
    for line in lines:
        table.add_row(*line)
    console().print(table)


def _print_lines(lines: Sequence[Sequence[str]]) -> None:
    """A line per row, as wide as the content: nothing is to be folded in a pipe."""
    lines = [[text.replace("\n", " ") for text in line] for line in lines]
    widths = [max(map(cell_len, column)) for column in zip(*lines, strict=True)]
    for line in lines:
        padded = (text + " " * (width - cell_len(text)) for text, width in zip(line, widths, strict=True))
        say("  ".join(padded).rstrip())
