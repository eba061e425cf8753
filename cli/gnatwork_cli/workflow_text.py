"""Differences of workflows as lines for people."""

import json
from collections.abc import Iterator
from typing import Any

from gnatwork_cli.output import cell
from gnatwork_schemas.diff import FieldChange, WorkflowDiff

_SIGNS = {"added": "+", "removed": "-", "changed": "~"}
#: Characters of a value that a line shows.
_LONGEST = 120


def diff_lines(diff: WorkflowDiff) -> Iterator[str]:
    """The changes, a line each: `+` is new, `-` is gone, `~` is not as it was."""
    yield from (_field(change) for change in diff.fields)
    for title, parts in (("block", diff.blocks), ("trigger", diff.triggers)):
        for part in parts:
            yield f"{_SIGNS[part.change]} {title} {part.id} ({part.type})"
            yield from (f"    {_field(change)}" for change in part.fields)


def _field(change: FieldChange) -> str:
    old, new = _value(change.old), _value(change.new)
    values = {"added": new, "removed": old, "changed": f"{old} → {new}"}
    return f"{_SIGNS[change.change]} {cell(change.pointer)}: {values[change.change]}"


def _value(value: Any) -> str:
    text = cell(json.dumps(value, ensure_ascii=False))
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
