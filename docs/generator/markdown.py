"""Markdown, as text."""

import json
from collections.abc import Iterable, Sequence
from typing import Any

#: The first line of each generated page.
GENERATED = "<!-- Written by `make docs` from the code. -->"


def page(title: str, *parts: str) -> str:
    """A page of paragraphs, tables and the like."""
    return "\n\n".join([GENERATED, f"# {title}", *filter(None, parts)]) + "\n"


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table; empty without rows."""
    lines = ["| " + " | ".join(_cell(cell) for cell in row) + " |" for row in rows]
    if not lines:
        return ""
    return "\n".join(["| " + " | ".join(head) + " |", "|" + "---|" * len(head), *lines])


def fence(text: str, language: str) -> str:
    """A block of code."""
    return f"```{language}\n{text.rstrip()}\n```"


def code(text: str) -> str:
    """Code within a line; nothing for an empty text."""
    return f"`{text}`" if text else ""


def pretty(value: Any, width: int = 100, indent: int = 0) -> str:
    """JSON as a person would write it: what fits on a line stands on one."""
    flat = json.dumps(value, ensure_ascii=False)
    if len(flat) + indent <= width or not isinstance(value, dict | list) or not value:
        return flat
    inner, outer = " " * (indent + 2), " " * indent
    if isinstance(value, dict):
        items = [
            f"{json.dumps(key, ensure_ascii=False)}: {pretty(item, width, indent + 2)}" for key, item in value.items()
        ]
        return "{\n" + ",\n".join(inner + item for item in items) + f"\n{outer}}}"
    return "[\n" + ",\n".join(inner + pretty(item, width, indent + 2) for item in value) + f"\n{outer}]"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")
