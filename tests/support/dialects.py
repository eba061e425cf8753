"""Definitions in other languages: what they are natively, and what is wrong with them."""

from typing import Any

import pytest

from gnatwork_blocks.registry import describe, load, names
from gnatwork_engine.compiler import Compiled, compile_workflow
from gnatwork_engine.compiler.dialects import to_native
from gnatwork_engine.compiler.faults import Faults
from gnatwork_schemas.errors import DefinitionError

#: The block types that come with Gnatwork, those of integrations among them.
CATALOGUE = {type_: describe(load(type_)) for type_ in names()}


def native_of(raw: dict[str, Any]) -> Any:
    """The native definition of one without mistakes."""
    faults = Faults()
    native = to_native(raw, faults)
    faults.stop_if_any()
    return native.document


def compiled(raw: Any) -> Compiled:
    """A definition without mistakes."""
    return compile_workflow(raw, CATALOGUE)


def faults_of(raw: Any) -> list[tuple[str, str, str]]:
    """Pointer, code and message of every mistake."""
    with pytest.raises(DefinitionError) as caught:
        compile_workflow(raw, CATALOGUE)
    return [(fault.pointer, fault.code, fault.message) for fault in caught.value.faults]


def places_of(raw: Any) -> list[tuple[str, str]]:
    """Pointer and code of every mistake."""
    return [(pointer, code) for pointer, code, _ in faults_of(raw)]
