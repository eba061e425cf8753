"""What a worker process answers to a slice; one that a program has got hold of may say anything."""

from typing import Any, Literal

import orjson
from pydantic import Field, ValidationError

from gnatwork_blocks.errors import BlockError
from gnatwork_engine.json_tree import too_deep
from gnatwork_schemas.error import ErrorInfo
from gnatwork_schemas.model import Model

#: Lines of a log that are told, and characters of one.
_LINES, _LINE = 500, 4000
#: Levels of what a step is given: the writer of JSON has 254.
_DEEPEST = 200


class Asked(Model):
    """A step that the program asks for now."""

    #: `[kind, type, config, options]` as JSON.
    text: str
    #: Of the program's source, where known.
    line: int | None = None

    @property
    def step(self) -> tuple[str, Any, Any, Any]:
        """Its parts; BlockError when it has not just these."""
        try:
            kind, type_, config, options = orjson.loads(self.text)
        except (ValueError, TypeError) as error:
            raise BlockError("script.failed", f"The program asks for a step that is none: {error}.") from None
        if too_deep([config, options], _DEEPEST):
            raise BlockError("block.config_invalid", f"A `{type_}` that the program asks for is nested too deep.")
        return kind, type_, config, options


class End(Model):
    """How the program ended, or left its state."""

    #: JSON of what it yields, or of the memory of a transition.
    value: str | None = None
    #: The function that it goes over to.
    next: str | None = None
    #: What it threw; `step` is the index of the one whose error it was.
    error: ErrorInfo | None = None
    step: int | None = None


class Answer(Model):
    """Where a slice has got to."""

    asked: tuple[Asked, ...] = ()
    more: bool = False
    end: End | None = None
    #: Level and text.
    logs: tuple[tuple[Literal["debug", "info", "warning", "error"], str], ...] = Field(default=(), max_length=_LINES)
    #: Lines that were too many.
    omitted: int = 0
    #: Where the program stands, to go on from: in Python all that is needed, in JavaScript the name of it.
    snapshot: str | None = None


class MissingError(Exception):
    """The program does not stand any more where it was to go on."""


def read_answer(data: bytes) -> Answer:
    """The answer.

    Raises:
        MissingError: The program does not stand any more where it was to go on.
        BlockError: The error that the worker found; `code.crashed` for what is no answer.
    """
    try:
        found = orjson.loads(data)
        if "missing" in found:
            raise MissingError
        if error := found.get("error"):
            raise BlockError(error["code"], error["message"], details=error.get("details"))
        value = found["value"]
        value["asked"] = [{"text": text, "line": line} for text, line in value["asked"]]
        return Answer.model_validate(value)
    except (TypeError, KeyError, ValueError, AttributeError, ValidationError) as error:
        raise BlockError("code.crashed", "The program's process gave no proper answer.", retryable=True) from error
