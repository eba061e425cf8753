"""Definitions in other languages: what they are natively, and what is wrong with them."""

from typing import Any

import pytest

from gnatwork_blocks.registry import describe, load, names
from gnatwork_engine.compiler import Compiled, compile_workflow
from gnatwork_engine.compiler.dialects import to_native
from gnatwork_engine.compiler.faults import Faults
from gnatwork_schemas.catalogue import BlockType
from gnatwork_schemas.errors import DefinitionError

#: The block types that come with Gnatwork.
BUILT_IN = {type_: describe(load(type_)) for type_ in names()}
#: And one that a team may have beside them.
CATALOGUE = BUILT_IN | {
    type_: BlockType(type=type_, title=type_, summary=type_, config_schema=True, output_schema=True)
    for type_ in ("send-email",)
}


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
        compile_workflow(raw, BUILT_IN)
    return [(fault.pointer, fault.code, fault.message) for fault in caught.value.faults]


def places_of(raw: Any) -> list[tuple[str, str]]:
    """Pointer and code of every mistake."""
    return [(pointer, code) for pointer, code, _ in faults_of(raw)]
