"""A reference to a value that is too large to travel in a message."""

from typing import Any

from pydantic import Field

from gnatwork_schemas.model import Model

#: Values whose JSON is longer than this, in bytes, are stored as payloads.
INLINE_LIMIT = 64 * 1024
#: Size of one stored chunk in bytes.
CHUNK_SIZE = 256 * 1024
#: The largest value that is stored at all, in bytes.
MAX_PAYLOAD = 64 * 1024 * 1024
#: The key that marks a reference where a value is expected.
PAYLOAD_KEY = "$payload"


class PayloadRef(Model):
    """Where a stored value lies: chunks `payload.<ns>.<run>.<id>.<n>` of the run that holds the reference."""

    #: Name of the payload, unique within its run.
    id: str = Field(pattern=r"^[A-Za-z0-9_-]{1,64}$")
    #: Bytes of the stored JSON.
    size: int = Field(ge=0)
    #: Media type of the stored bytes.
    type: str = "application/json"
    #: `sha256:<hex>` of the stored bytes.
    digest: str


def as_reference(value: Any) -> PayloadRef | None:
    """The reference that `value` is, or None when it is an ordinary value."""
    if isinstance(value, dict) and len(value) == 1 and isinstance(inner := value.get(PAYLOAD_KEY), dict):
        return PayloadRef.model_validate(inner)
    return None


def is_reference(value: Any) -> bool:
    """Whether `value` stands for a stored payload. Producers store any value of this shape (see `as_reference`)."""
    return isinstance(value, dict) and len(value) == 1 and isinstance(value.get(PAYLOAD_KEY), dict)


def reference_value(ref: PayloadRef) -> dict[str, Any]:
    """The JSON that stands in the place of the stored value."""
    return {PAYLOAD_KEY: ref.model_dump()}
