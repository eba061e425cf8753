"""Headers of messages in configs."""

from typing import Annotated

from pydantic import AfterValidator, Field, StringConstraints

#: What headers begin with by which NATS is told what to do with a message.
_OF_NATS = ("nats-", "kv-")


def _refuse_reserved(headers: dict[str, str]) -> dict[str, str]:
    for name in headers:
        if name.lower().startswith(_OF_NATS) or name.lower() == "status":
            raise ValueError(f"the header {name!r} belongs to NATS")
    return headers


_Name = Annotated[str, StringConstraints(pattern=r"^[!#$%&'*+.^_`|~0-9A-Za-z-]+$")]
# No control characters, so that none can end its line.
_Value = Annotated[
    str,
    Field(coerce_numbers_to_str=True),
    StringConstraints(strip_whitespace=True, pattern=r"^[^\x00-\x08\x0A-\x1F\x7F]*$"),
]

#: Name to value; numbers become text.
MessageHeaders = Annotated[dict[_Name, _Value], AfterValidator(_refuse_reserved)]
