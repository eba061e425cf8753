"""CSV as RFC 4180 has it, or nearly."""

import csv
import io
import sys
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal

import orjson

from gnatwork_blocks.casting import CastError, cast
from gnatwork_blocks.errors import BlockError

Type = Literal["string", "number", "integer", "boolean"]


def read(
    text: str, delimiter: str, header: bool | Sequence[str], types: Mapping[str, Type]
) -> list[dict[str, Any]] | list[list[str]]:
    """The rows of a text: objects, or arrays of texts without a header.

    Raises:
        BlockError: `csv.invalid`; `details` are `{line}`, from 1, and `{column}` where a value is not of its type.
    """
    rows = _rows(text.removeprefix("\ufeff"), delimiter)
    if header is False:
        return [row for _, row in rows]
    first = next(rows, None) if header is True else (0, list(header))
    if first is None:
        return []
    columns = first[1]
    if twice := sorted({name for name in columns if columns.count(name) > 1}):
        raise BlockError("csv.invalid", f"Two columns are called {twice[0]!r}.", details={"line": 1})
    if missing := sorted(types.keys() - set(columns)):
        raise BlockError("csv.invalid", f"There is no column {missing[0]!r}.", details={"line": 1})
    return [_object(columns, row, line, types) for line, row in rows]


def write(rows: Sequence[Any], columns: Sequence[str] | None, delimiter: str, *, header: bool) -> str:
    """The text of rows, which are objects, or all arrays.

    Raises:
        BlockError: `csv.invalid`; `details` are `{row}`, from 0.
    """
    arrays = bool(rows) and isinstance(rows[0], list)
    if columns is None and not arrays:
        columns = list(dict.fromkeys(name for row in rows if isinstance(row, dict) for name in row))
    out = io.StringIO()
    writer = csv.writer(out, delimiter=delimiter)
    if header and columns:
        writer.writerow(columns)
    for number, row in enumerate(rows):
        if not isinstance(row, list if arrays else dict):
            wanted = "an array" if arrays else "an object"
            raise BlockError("csv.invalid", f"Row {number} is not {wanted}, as the first is.", details={"row": number})
        cells = row if isinstance(row, list) else [row.get(name) for name in columns or ()]
        writer.writerow([_cell(value) for value in cells])
    return out.getvalue()


def _rows(text: str, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """Each row that is not empty with the number of the line on which it ends."""
    csv.field_size_limit(sys.maxsize)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    while True:
        try:
            row = next(reader, None)
        except csv.Error as error:
            line = reader.line_num
            raise BlockError("csv.invalid", f"Line {line}: {error}.", details={"line": line}) from None
        if row is None:
            return
        if row:
            yield reader.line_num, row


def _object(columns: Sequence[str], row: list[str], line: int, types: Mapping[str, Type]) -> dict[str, Any]:
    if len(row) > len(columns):
        message = f"Line {line} has {len(row)} values, and there are {len(columns)} columns."
        raise BlockError("csv.invalid", message, details={"line": line})
    values: list[Any] = [*row, *[None] * (len(columns) - len(row))]
    found = dict(zip(columns, values, strict=True))
    for column, to in types.items():
        found[column] = _typed(found[column], to, line, column)
    return found


def _typed(text: str | None, to: Type, line: int, column: str) -> Any:
    if text is None or (to != "string" and not text.strip()):
        return None
    try:
        return cast(text, to)
    except CastError:
        message = f"Line {line}: the value of {column!r} is not of the type {to}."
        raise BlockError("csv.invalid", message, details={"line": line, "column": column}) from None


def _cell(value: Any) -> str:
    match value:
        case None:
            return ""
        case str():
            return value
        case _:
            return orjson.dumps(value).decode()
