"""Other languages that definitions are written in, each turned into the native one before it is compiled."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from gnatwork_engine.compiler.dialects import ordered_steps, step_graph, typed_steps, whole_script
from gnatwork_engine.compiler.dialects.naming import workflow_name
from gnatwork_engine.compiler.dialects.placed import separate
from gnatwork_engine.compiler.dialects.recognise import recognise
from gnatwork_engine.compiler.faults import Faults
from gnatwork_engine.json_tree import Path, existing

__all__ = ["Native", "to_native", "workflow_name"]

_DIALECTS: Mapping[str, Callable[[Mapping[str, Any], Faults], dict[str, Any]]] = {
    "ordered": ordered_steps.translate,
    "graph": step_graph.translate,
    "typed": typed_steps.translate,
    "script": whole_script.translate,
}


class Native(NamedTuple):
    """A definition in the native language."""

    document: Mapping[str, Any]
    #: Where a place of it comes from in what was sent.
    origin: Callable[[Path], Path]


def to_native(document: Mapping[str, Any], faults: Faults) -> Native:
    """The native definition of what was sent in any language; what can't be carried over becomes a fault.

    Raises DefinitionError where nothing can be said about the rest.
    """
    language = recognise(document, faults)
    if language == "native":
        return Native(document, lambda path: path)
    native, origins = separate(_DIALECTS[language](document, faults))
    return Native(native, lambda path: existing(document, origins.of(path)))
