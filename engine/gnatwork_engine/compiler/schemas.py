"""Checking values against JSON Schemas. Validators are cached by schema and never fetch anything."""

from functools import lru_cache
from typing import Any

import orjson
from jsonschema_rs import ValidationError, Validator, validator_for

from gnatwork_engine.compiler.findings import Finding, Unknowns, describe

Schema = dict[str, Any] | bool

#: Compiled schemas that are kept.
_CACHED = 256
#: Of a value above this many bytes only the first mistake is told: a million of them take seconds to collect.
_LARGE = 256 * 1024


def compiled(schema: Schema) -> Validator:
    """The validator of a schema, formats included. Raises jsonschema_rs.ValidationError when it is no schema."""
    return _compiled(orjson.dumps(schema))


def check(schema: Schema, value: Any, unknowns: Unknowns | None = None) -> list[Finding]:
    """What is wrong with a value, as far as it is known.

    Raises jsonschema_rs.ValidationError when the schema is none.
    """
    validator = compiled(schema)
    try:
        if validator.is_valid(value):
            return []
        errors = _errors(validator, value)
    except (ValueError, TypeError):  # how both libraries say that a value nests too deeply
        return [Finding((), "nests too deeply to be checked; make it flatter")]
    return describe(errors, schema, unknowns or Unknowns())


def _errors(validator: Validator, value: Any) -> list[ValidationError]:
    if len(orjson.dumps(value)) <= _LARGE:
        return list(validator.iter_errors(value))
    try:
        validator.validate(value)
    except ValidationError as error:
        return [error]
    return []


@lru_cache(maxsize=_CACHED)
def _compiled(schema: bytes) -> Validator:
    return validator_for(orjson.loads(schema), validate_formats=True, offline=True)
