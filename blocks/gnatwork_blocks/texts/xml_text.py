"""XML to JSON and back: an element is a text, or an object of its attributes (`@name`), elements and `#text`."""

from collections.abc import Sequence
from typing import Any
from xml.parsers import expat

import xmltodict  # type: ignore[import-untyped]  # it has no stubs

from gnatwork_blocks.errors import BlockError

#: Elements within each other.
_DEPTH = 100


def read(text: str, lists: Sequence[str]) -> Any:
    """What a document says; what is in `lists`, and elements that there are several of, are arrays.

    Raises:
        BlockError: `xml.invalid`, with `details` `{line, column}`, both from 1; `xml.refused` for entities of its own
            and for what is nested too deep.
    """
    # Declared as it may be, it has been decoded.
    data = text.encode()
    _look_through(data)
    return xmltodict.parse(data, encoding="utf-8", disable_entities=True, force_list=tuple(lists))


def write(value: Any, *, pretty: bool) -> str:
    """The text of a document.

    Raises:
        BlockError: `xml.invalid`.
    """
    if not isinstance(value, dict) or len(value) != 1:
        raise BlockError("xml.invalid", "A document is an object with one key, its root element.")
    if _depth(value) > _DEPTH:
        raise BlockError("xml.refused", f"Elements are nested more than {_DEPTH} deep.")
    try:
        text: str = xmltodict.unparse(_plain(value), pretty=pretty, indent="  ")
    except (ValueError, TypeError) as error:
        raise BlockError("xml.invalid", f"This can't be a document: {error}.") from error
    try:
        # Whatever got in by names and texts, it is XML, or nobody gets it.
        _look_through(text.encode())
    except BlockError as error:
        raise BlockError("xml.invalid", f"This can't be a document: {error.message}") from error
    return text


def _look_through(data: bytes) -> None:
    """See that nothing is in it that grows, or leads elsewhere, before anything is built of it."""
    parser = expat.ParserCreate("utf-8")
    depth = 0

    def begin(_name: str, _attributes: Any) -> None:
        nonlocal depth
        depth += 1
        if depth > _DEPTH:
            raise BlockError("xml.refused", f"Elements are nested more than {_DEPTH} deep.")

    def end(_name: str) -> None:
        nonlocal depth
        depth -= 1

    def declared(*_: Any) -> None:
        raise BlockError("xml.refused", "The document has entities of its own, which are not taken.")

    parser.StartElementHandler, parser.EndElementHandler = begin, end
    parser.EntityDeclHandler = parser.UnparsedEntityDeclHandler = declared
    # Of a document type that is written elsewhere; it would be left out without a word.
    parser.SkippedEntityHandler = declared
    try:
        parser.Parse(data, True)
    except expat.ExpatError as error:
        line, column = error.lineno, error.offset + 1
        message = f"Line {line}, column {column}: {expat.ErrorString(error.code)}."
        raise BlockError("xml.invalid", message, details={"line": line, "column": column}) from None


def _depth(value: Any) -> int:
    """Levels of objects; whatever came as JSON is not too deep for this."""
    if isinstance(value, dict):
        return 1 + max(map(_depth, value.values()), default=0)
    return max(map(_depth, value), default=0) if isinstance(value, list) else 0


def _plain(value: Any) -> Any:
    """Truth values as XML has them."""
    if isinstance(value, dict):
        return {key: _plain(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_plain(one) for one in value]
    return str(value).lower() if isinstance(value, bool) else value
