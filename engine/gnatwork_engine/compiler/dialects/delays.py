"""Delays of a dialect."""

from typing import Any

from gnatwork_engine.compiler.dialects.fields import CONFIG_INVALID, Fields
from gnatwork_engine.compiler.dialects.placed import Placed, made
from gnatwork_engine.compiler.dialects.texts import Names, rewritten
from gnatwork_engine.compiler.dialects.times import milliseconds
from gnatwork_engine.compiler.faults import Faults, listed
from gnatwork_engine.json_tree import Path

_OURS = ("ms", "seconds")


def delay(config: Any, at: Path, names: Names, faults: Faults, native: tuple[str, ...] = ()) -> Placed:
    """The config of a `delay`.

    Args:
        config: What was sent, with `ms` or `seconds`, which may be templates.
        at: Where it stands.
        names: What templates can mention.
        faults: Takes the mistakes.
        native: Native ways to say it that the dialect has as well.
    """
    fields = Fields({} if config is None else config, at, faults, "the config of a `delay`", CONFIG_INVALID)
    ways = (*_OURS, *native)
    fields.only(*ways)
    given = [(key, value) for key, value in fields.items() if key in ways]
    if len(given) != 1:
        if fields.sound:
            faults.add(at, CONFIG_INVALID, f"a delay has one of {listed(ways)}, and just one")
        return made({"for": 0}, at)
    key, value = given[0]
    where = fields.at(key)
    if key == "ms" and not isinstance(value, str):
        return made({"for": made(milliseconds(fields, key) or 0, where)}, at)
    text = rewritten(value, where, names, faults)
    if key == "ms":
        text = f"{text}ms"
    return made({key if key in native else "for": made(text, where)}, at)
