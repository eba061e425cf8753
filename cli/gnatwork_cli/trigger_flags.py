"""A trigger's fields as `--set FIELD=VALUE` gives them. Pure."""

from collections.abc import Iterable
from typing import Any

import orjson

from gnatwork_cli.run_input import ArgumentError


def parse_fields(entries: Iterable[str]) -> dict[str, Any]:
    """`["every=5m", "rate_limit.max=10"]` as `{"every": "5m", "rate_limit": {"max": 10}}`; ArgumentError.

    A value that is JSON is that value, anything else text: a text that looks like JSON is put in quotes.
    """
    fields: dict[str, Any] = {}
    for entry in entries:
        name, separator, text = entry.partition("=")
        *outer, last = name.split(".")
        if not (separator and last and all(outer)):
            raise ArgumentError(f"--set {entry}: write FIELD=VALUE")
        within = fields
        for step in outer:
            within = within.setdefault(step, {})
            if not isinstance(within, dict):
                raise ArgumentError(f"--set {entry}: `{step}` has a value already")
        within[last] = _value(text)
    return fields


def _value(text: str) -> Any:
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        return text
