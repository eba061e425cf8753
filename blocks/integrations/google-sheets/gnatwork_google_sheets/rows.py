"""Rows of cells by the names of their columns."""

from collections.abc import Iterable, Sequence
from typing import Any


def named_rows(names: Sequence[Any], rows: Iterable[Sequence[Any]]) -> list[dict[str, Any]]:
    """Each row as an object; a column without a name is `column_3`, and an empty cell null.

    Of two columns with the same name, the first has it, and the other is called by its number.
    """
    columns: dict[str, int] = {}
    for index, name in enumerate(names):
        text = str(name).strip()
        columns[text if text and text not in columns else f"column_{index + 1}"] = index
    return [{name: _cell(row, index) for name, index in columns.items()} for row in rows]


def _cell(row: Sequence[Any], index: int) -> Any:
    value = row[index] if index < len(row) else None
    return None if value == "" else value
