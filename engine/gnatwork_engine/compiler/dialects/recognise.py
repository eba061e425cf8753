"""Which language a definition is written in, told by its structure."""

from collections.abc import Iterator, Mapping
from typing import Any, Literal, NamedTuple

from gnatwork_engine.compiler.dialects import ordered_steps, step_graph, typed_steps, whole_script
from gnatwork_engine.compiler.faults import Faults, shown
from gnatwork_engine.json_tree import Path, to_pointer

Language = Literal["native", "ordered", "graph", "typed", "script"]

_CALLED: Mapping[Language, str] = {
    "native": "the native language",
    "ordered": "ordered steps",
    "graph": "a step graph",
    "typed": "typed steps",
    "script": "programs",
}
#: Keys of a definition that only one language has. A name that two have, such as `retry`, tells nothing.
_KEYS: Mapping[str, Language] = {
    **dict.fromkeys(ordered_steps.MARKS, "ordered"),
    **dict.fromkeys(step_graph.MARKS, "graph"),
    **dict.fromkeys(typed_steps.MARKS, "typed"),
    whole_script.SCRIPT: "script",
    **dict.fromkeys(("blocks", "triggers", "on_failure"), "native"),
}
#: Likewise of a step.
_STEP_KEYS: Mapping[str, Language] = {
    **dict.fromkeys(step_graph.STEP_MARKS, "graph"),
    **dict.fromkeys(typed_steps.STEP_MARKS, "typed"),
    **dict.fromkeys(("needs", "join", "when", "for_each", "on_error", "compensate"), "native"),
}
#: Likewise types of steps.
_STEP_TYPES: Mapping[str, Language] = {
    **dict.fromkeys(step_graph.TYPES, "graph"),
    **dict.fromkeys(typed_steps.TYPE_MARKS, "typed"),
}


class _Mark(NamedTuple):
    language: Language
    path: Path


def recognise(document: Mapping[str, Any], faults: Faults) -> Language:
    """The language of a definition. Raises DefinitionError if it mixes two, for then nothing else means anything."""
    marks = list(_marks(document))
    # Types are weaker than keys: with a `trigger`, `http_request` is one of the ordered steps.
    keys = [mark for mark in marks if mark.path[-1] != "type"]
    first = next(iter(keys or marks), None)
    if first is None:
        return "native"
    for mark in keys:
        if mark.language != first.language:
            message = (
                f"{shown(mark.path[-1])} belongs to {_CALLED[mark.language]}, but {to_pointer(first.path)} to"
                f" {_CALLED[first.language]}; a definition is written in one language"
            )
            faults.add(mark.path, "definition.invalid", message)
    faults.stop_if_any()
    return first.language


def _marks(document: Mapping[str, Any]) -> Iterator[_Mark]:
    for key in document:
        # Programs have some keys in common with the native language.
        shared = whole_script.SCRIPT in document and key in whole_script.SAME
        if (language := _KEYS.get(key)) and not shared:
            yield _Mark(language, (key,))
    steps = document.get("steps")
    for index, step in enumerate(steps if isinstance(steps, list) else ()):
        for key, value in step.items() if isinstance(step, dict) else ():
            at: Path = ("steps", index, key)
            of_type = _STEP_TYPES.get(value) if key == "type" and isinstance(value, str) else None
            if language := _STEP_KEYS.get(key, of_type):
                yield _Mark(language, at)
