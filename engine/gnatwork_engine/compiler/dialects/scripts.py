"""JavaScript of a dialect: kept as it was written, with its names handed to it by native ones around it."""

import json
from collections.abc import Iterable, Mapping, Sequence

from gnatwork_engine.compiler.dialects.texts import Names, UnknownNameError
from gnatwork_engine.compiler.faults import Faults
from gnatwork_engine.expressions import BODY, EXPRESSION, Around, ExpressionError, mentions_of
from gnatwork_engine.json_tree import Path

#: An expression in place of one that is wrong.
_NOTHING = "null"


def expression(text: str, at: Path, names: Names, faults: Faults) -> str:
    """An expression as a native one; mistakes become faults, with their line and column in the text."""
    values = _values(text, EXPRESSION, at, names, faults)
    if not values:
        return text if values is not None else _NOTHING
    # What follows on the same line could be part of a comment.
    end = "\n" if "//" in text or "<!--" in text else ""
    return f"(({', '.join(values)}) => ({text}{end}))({', '.join(values.values())})"


def body(text: str, at: Path, names: Names, faults: Faults) -> str:
    """The statements of a function that returns a value, as a native expression."""
    values = _values(text, BODY, at, names, faults)
    if values is None:
        return _NOTHING
    begin = "async " if "await" in text else ""
    # It begins on the first line, so that lines in messages of executors are those of the text.
    return f"({begin}({', '.join(values)}) => {{{text}\n}})({', '.join(values.values())})"


def block(id_: str) -> str:
    """The output of a block in JavaScript."""
    return f"blocks[{json.dumps(id_)}]"


def record(values: Mapping[str, str]) -> str:
    """An object of JavaScript, its values being JavaScript."""
    written = {name: json.dumps(name) for name in values}
    if "__proto__" in written:
        # By itself it would not be a property.
        written["__proto__"] = '["__proto__"]'
    return "{" + ", ".join(f"{written[name]}: {value}" for name, value in values.items()) + "}"


def known(members: Sequence[str | None], every: Iterable[str]) -> tuple[str, ...]:
    """The members of a holder to hand over: those that are mentioned, or all there are."""
    found = [member for member in dict.fromkeys(members) if member is not None]
    return tuple(dict.fromkeys((*found, *every))) if None in members else tuple(found)


def _values(text: str, around: Around, at: Path, names: Names, faults: Faults) -> dict[str, str] | None:
    """What to hand over, by name; None if something is wrong."""
    try:
        mentions = mentions_of(text, around=around, holders=names.holders)
    except ExpressionError as error:
        what = "an expression" if around == EXPRESSION else "the body of a function"
        faults.add(at, error.code, f"this is not {what} in JavaScript: {error.detail}")
        return None
    members: dict[str, list[str | None]] = {}
    for mention in mentions:
        members.setdefault(mention.name, []).append(mention.member)
    values: dict[str, str] = {}
    sound = True
    for name, of_name in members.items():
        try:
            if (value := names.value(name, of_name)) is not None:
                values[name] = value
        except UnknownNameError as error:
            faults.add(at, "expression.unknown_name", error.detail)
            sound = False
    return values if sound else None
