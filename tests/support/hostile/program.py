"""One of them."""

from typing import Any, NamedTuple


class Program(NamedTuple):
    """The source of a function `main`, and what has to come of calling it."""

    source: str
    #: The codes that the error may have; none when there is a value.
    codes: frozenset[str] = frozenset()
    value: Any = None
    #: What the error's message has in it.
    says: str = ""


def fails(source: str, codes: str, says: str = "") -> Program:
    """One that ends with one of these codes, `code.` left out."""
    return Program(source, frozenset(f"code.{code}" for code in codes.split()), says=says)


def yields(source: str, value: Any) -> Program:
    """One that does no harm, and yields this."""
    return Program(source, value=value)
