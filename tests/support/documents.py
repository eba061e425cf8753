"""The Markdown documents of the project, and what stands in them."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]
_FENCE = re.compile(r"^(?P<mark>`{3,})(?P<info>[^\n`]*)\n(?P<text>.*?)^(?P=mark)$", re.DOTALL | re.MULTILINE)


class Fence(NamedTuple):
    """A block of code in a document."""

    document: Path
    line: int
    #: The language, and perhaps a mark behind it.
    info: str
    text: str

    @property
    def place(self) -> str:
        """Where it stands, for messages."""
        return f"{self.document.relative_to(ROOT)}:{self.line}"


def documents() -> list[Path]:
    """All Markdown documents."""
    found = [
        *ROOT.glob("*.md"),
        *ROOT.glob("*/README.md"),
        *ROOT.glob("blocks/integrations/*/README.md"),
        *(ROOT / "docs").rglob("*.md"),
    ]
    return sorted(set(found))


def named(document: Path) -> str:
    """The path of a document in the project."""
    return document.relative_to(ROOT).as_posix()


def fences(document: Path) -> Iterator[Fence]:
    """All blocks of code in a document."""
    text = document.read_text()
    for match in _FENCE.finditer(text):
        line = text.count("\n", 0, match.start()) + 1
        yield Fence(document, line, match["info"].strip(), match["text"])


def prose(document: Path) -> str:
    """A document without its blocks of code."""
    return _FENCE.sub("", document.read_text())
