"""Whether an answer is JSON of a schema."""

import re
from typing import Any

import orjson
from jsonschema_rs import ValidationError, Validator, validator_for

from gnatwork_blocks.errors import BlockError

#: Mistakes that are told.
_MAX_TOLD = 5
#: Models like to put JSON into a block of Markdown.
_FENCED = re.compile(r"\s*```(?:json)?[ \t]*\r?\n(.*?)\r?\n?```\s*", re.DOTALL | re.IGNORECASE)


class UnfitError(Exception):
    """The answer is not JSON, or does not fit; its text says why, for the model and for people."""


def validator_of(schema: dict[str, Any]) -> Validator:
    """What checks answers; nothing is ever fetched for it.

    Raises:
        BlockError: `llm.invalid_schema`.
    """
    try:
        return validator_for(schema, validate_formats=True, offline=True)
    except (ValidationError, ValueError) as error:
        raise BlockError(
            "llm.invalid_schema", f"`schema` is no JSON Schema: {str(error).partition(chr(10))[0]}"
        ) from None


def fitting(text: str, validator: Validator) -> Any:
    """The JSON of an answer.

    Raises:
        UnfitError: It is none that fits.
    """
    fenced = _FENCED.fullmatch(text)
    try:
        value = orjson.loads(fenced[1] if fenced else text)
    except orjson.JSONDecodeError as error:
        raise UnfitError(f"it is not JSON: {error}") from None
    try:
        faults = [_told(error) for _, error in zip(range(_MAX_TOLD), validator.iter_errors(value), strict=False)]
    except (ValueError, TypeError):
        raise UnfitError("it nests too deeply") from None
    if faults:
        raise UnfitError("; ".join(faults))
    return value


def _told(error: ValidationError) -> str:
    pointer = "".join(f"/{step}" for step in error.instance_path)
    return f"{pointer or 'it'}: {error.message}"[:300]
