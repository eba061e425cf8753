"""Retries of a dialect, which wait as long each time."""

from typing import Any

from gnatwork_engine.compiler.dialects.fields import Fields
from gnatwork_engine.compiler.dialects.placed import Placed, made, sent
from gnatwork_engine.compiler.dialects.times import milliseconds
from gnatwork_engine.compiler.faults import shown
from gnatwork_engine.json_tree import Path


def fixed_retry(fields: Fields, attempts: str, backoff: str, at: Path) -> Placed:
    """The native `retry` of an object that has these two keys, and stands at `at`."""
    native: dict[str, Any] = {"factor": 1, "jitter": 0}
    if attempts in fields:
        native["max_attempts"] = sent(fields.get(attempts), fields.at(attempts))
    if (wait := milliseconds(fields, backoff)) is not None:
        native |= {"initial": made(wait, fields.at(backoff)), "max": made(wait, fields.at(backoff))}
        if attempts not in fields:
            fields.wrong(backoff, f"{shown(backoff)} has no effect without {shown(attempts)}")
    return made(native, at)
