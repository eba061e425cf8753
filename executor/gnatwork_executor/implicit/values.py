"""What an event that settled a task says that the task yielded."""

from typing import Any

import orjson
from pydantic import ValidationError

from gnatwork_blocks.errors import BlockError
from gnatwork_bus.message import StoredMessage
from gnatwork_schemas.error import ErrorInfo
from gnatwork_schemas.implicit import is_slice
from gnatwork_schemas.payload import PayloadRef, as_reference
from gnatwork_schemas.subjects import split_history


def value_of(event: StoredMessage) -> Any:
    """The value, which may be a reference to a payload of its run; an error is `{"error": …}`, as of `on_error`.

    Raises:
        BlockError: `message.invalid`; the event settles no task, or can't be read.
    """
    kind = split_history(event.subject)[1].split(".")
    try:
        body = orjson.loads(event.data)
        match kind:
            case ["block", task, "output"]:
                return _yielded(body["output"]) if is_slice(task) else body.get("output")
            case ["block", _, "error"] | ["child", _, "ended"]:
                return {"error": ErrorInfo.model_validate(body["error"]).model_dump(mode="json", exclude_none=True)}
            case ["signal", _]:
                return body.get("data")
            case ["timer", _, "fired"]:
                return None
    except (ValidationError, ValueError, LookupError, AttributeError):
        raise invalid(f"Event {event.sequence} can't be read.") from None
    raise invalid(f"Event {event.sequence}, {'.'.join(kind)}, settles no task.")


def _yielded(sliced: dict[str, Any]) -> Any:
    """What a program yielded with its last slice. LookupError when it went on."""
    if not sliced["done"]:
        raise LookupError(sliced)
    return sliced.get("output")


def reference_of(value: Any, sequence: int) -> PayloadRef | None:
    """The reference that a value of this event is, if it is one; BlockError for one that can't be read."""
    try:
        return as_reference(value)
    except ValidationError:
        raise invalid(f"The reference in event {sequence} can't be read.") from None


def invalid(message: str) -> BlockError:
    """What an implicit task was given is not what the scheduler gives."""
    return BlockError("message.invalid", message)
