"""The schemas in a definition, and inputs checked against that of the workflow."""

from typing import Any

from jsonschema_rs import ValidationError, ValidationErrorKind

from gnatwork_engine.compiler.faults import MAX_FAULTS, Faults, shown
from gnatwork_engine.compiler.findings import Unknowns, describe
from gnatwork_engine.compiler.schemas import Schema, check, compiled
from gnatwork_engine.json_tree import Path, to_pointer
from gnatwork_schemas.control_block import ControlBlock
from gnatwork_schemas.problem import Fault


def check_schema(schema: Any, path: Path, faults: Faults) -> None:
    """What stands at `path` must be a JSON Schema that refers to nothing outside of itself."""
    if not isinstance(schema, dict | bool):  # absent, or found wrong with the shape
        return
    try:
        compiled(schema)
    except ValidationError as error:
        if isinstance(error.kind, ValidationErrorKind.Referencing):
            at, reference = _reference(schema, error.message)
            message = f"{shown(reference)} can't be had: schemas are never fetched, so put it into `$defs` of this one"
            faults.add((*path, *at), "definition.invalid", message)
            return
        for finding in describe([error], None, Unknowns()):
            message = f"{shown(path[-1])} is not a JSON Schema: {finding.message}"
            faults.add((*path, *finding.path), "definition.invalid", message)


def check_input(control_block: ControlBlock, value: Any) -> tuple[Fault, ...]:
    """What is wrong with the input of a run; pointers begin with `/input`."""
    if control_block.input is None:
        return ()
    findings = check(control_block.input, value)[:MAX_FAULTS]
    return tuple(
        Fault(pointer=to_pointer(("input", *finding.path)), code="input.invalid", message=finding.message)
        for finding in findings
    )


def _reference(schema: Schema, message: str) -> tuple[Path, str]:
    """The first reference in the schema that the message is about."""
    pending: list[tuple[Path, Any]] = [((), schema)]
    while pending:
        path, value = pending.pop()
        if isinstance(value, dict):
            for key in ("$ref", "$dynamicRef", "$schema"):
                if isinstance(name := value.get(key), str) and name.removeprefix("#") in message:
                    return (*path, key), name
            pending.extend(((*path, key), item) for key, item in value.items())
        elif isinstance(value, list):
            pending.extend(((*path, index), item) for index, item in enumerate(value))
    return (), message
