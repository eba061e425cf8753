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


class ItemsRef(Model):
    """The items of a loop, as the task `expand` stored them: pages that each hold so many items as a JSON array.

    Page `p` is the chunk `payload.<ns>.<run>.<id>.<p>`. An item that is large, or that looks like a reference, is a
    payload of its own, and the page holds the reference to it.
    """

    id: str = Field(pattern=r"^[A-Za-z0-9_-]{1,64}$")
    #: How many there are.
    count: int = Field(ge=0)
    #: Items on each page but the last.
    page_size: int = Field(ge=1)

    def item(self, index: int) -> "ItemRef":
        """The reference to one of them."""
        return ItemRef(id=self.id, page=index // self.page_size, at=index % self.page_size)


class ItemRef(Model):
    """One item of a loop."""

    #: The items that it is one of.
    id: str = Field(pattern=r"^[A-Za-z0-9_-]{1,64}$")
    page: int = Field(ge=0)
    #: Its place on the page.
    at: int = Field(ge=0)

    @property
    def key(self) -> str:
        """Names it among loaded values."""
        return f"{self.id}/{self.page}/{self.at}"
