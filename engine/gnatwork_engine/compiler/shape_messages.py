"""What pydantic finds wrong with a definition or a request, in the words of people who write them."""

from collections.abc import Mapping
from typing import Any

from pydantic_core import ErrorDetails

from gnatwork_schemas.names import BLOCK_ID_PATTERN, BLOCK_TYPE_PATTERN, LOOP_NAME_PATTERN, NAME_PATTERN

_PATTERNS = {
    NAME_PATTERN: "must be 1 to 63 lower-case letters, digits, `_` or `-`, and not begin with `_` or `-`",
    BLOCK_TYPE_PATTERN: "must be 1 to 63 lower-case letters, digits or `-`, and not begin with `-`",
    BLOCK_ID_PATTERN: "must be 1 to 64 letters, digits, `_` or `-`",
    LOOP_NAME_PATTERN: "must be 1 to 64 letters, digits, `_` or `$`, and not begin with a digit",
}

_MESSAGES = {
    "string_type": "must be a text",
    "string_too_short": "must have at least {min_length} characters",
    "string_too_long": "must have at most {max_length} characters",
    "int_type": "must be a whole number",
    "int_from_float": "must be a whole number",
    "int_parsing": "must be a whole number",
    "float_type": "must be a number",
    "float_parsing": "must be a number",
    "bool_type": "must be true or false",
    "bool_parsing": "must be true or false",
    "tuple_type": "must be an array",
    "dict_type": "must be an object",
    "model_type": "must be an object",
    "model_attributes_type": "must be an object",
    "literal_error": "must be {expected}",
    "enum": "must be {expected}",
    "greater_than": "must be more than {gt}",
    "greater_than_equal": "must be at least {ge}",
    "less_than_equal": "must be at most {le}",
    "too_long": "must have at most {max_length} entries",
    "value_error": "is not right: {error}",
}


def describe(detail: ErrorDetails) -> str:
    """The end of a sentence that begins with the field's name."""
    context: Mapping[str, Any] = detail.get("ctx", {})
    if pattern := _PATTERNS.get(context.get("pattern", "")):
        return pattern
    if message := _MESSAGES.get(detail["type"]):
        return message.format_map(context)
    return f"is not right: {detail['msg']}"
