"""Headers of messages."""

from collections.abc import Mapping
from typing import Annotated

from pydantic import AfterValidator, TypeAdapter, ValidationError

from gnatwork_blocks.errors import BlockError
from gnatwork_blocks.headers import HeaderName, HeaderValue

#: What headers begin with by which NATS is told what to do with a message.
_OF_NATS = ("nats-", "kv-")


def _refuse_reserved(headers: dict[str, str]) -> dict[str, str]:
    for name in headers:
        if name.lower().startswith(_OF_NATS) or name.lower() == "status":
            raise ValueError(f"the header {name!r} belongs to NATS")
    return headers


#: Name to value; numbers become text.
MessageHeaders = Annotated[dict[HeaderName, HeaderValue], AfterValidator(_refuse_reserved)]

_ADAPTER: TypeAdapter[dict[str, str]] = TypeAdapter(MessageHeaders)


def checked_headers(headers: Mapping[str, str] | None) -> dict[str, str]:
    """The headers, if a block may send them.

    Raises:
        BlockError: `nats.invalid_header`, for what is no header or would be an order to NATS.
    """
    if not headers:
        return {}
    try:
        return _ADAPTER.validate_python(dict(headers))
    except ValidationError as error:
        # Not the value: it may be a secret.
        message = (
            "A header has a name of letters, digits and `-`, none that NATS itself reads, and a value on one line."
        )
        raise BlockError("nats.invalid_header", message) from error
