"""HTTP headers in configs."""

from typing import Annotated

from pydantic import AfterValidator, Field, StringConstraints

#: They frame a message or belong to one connection, so the HTTP library alone sets them.
RESERVED = frozenset({"connection", "content-length", "te", "trailer", "transfer-encoding", "upgrade"})


def _refuse_reserved(headers: dict[str, str]) -> dict[str, str]:
    if reserved := sorted(name for name in headers if name.lower() in RESERVED):
        raise ValueError(f"the header {reserved[0]!r} is set by the HTTP library")
    return headers


# RFC 9110: a name is a token; a value holds no control characters, so that none can end its line.
HeaderName = Annotated[str, StringConstraints(pattern=r"^[!#$%&'*+.^_`|~0-9A-Za-z-]+$")]
HeaderValue = Annotated[
    str,
    Field(coerce_numbers_to_str=True),
    StringConstraints(strip_whitespace=True, pattern=r"^[^\x00-\x08\x0A-\x1F\x7F]*$"),
]

#: Name to value; numbers become text.
Headers = Annotated[dict[HeaderName, HeaderValue], AfterValidator(_refuse_reserved)]


def has(headers: dict[str, str], name: str) -> bool:
    """Whether a header is among them, in whatever case; `name` is lower case."""
    return any(given.lower() == name for given in headers)
