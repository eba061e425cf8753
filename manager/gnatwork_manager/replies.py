"""What a `response` block says to the run's waiting caller. Pure."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson

#: Headers that belong to one connection, or that the server writes itself (RFC 9110, 7.6.1).
_NOT_PASSED_ON = frozenset(
    {
        "connection",
        "content-length",
        "date",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authorization",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    }
)
#: A field name and a field value of HTTP; what is neither could forge further headers.
_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_VALUE = re.compile(r"[\t\x20-\x7e\x80-\xff]*")
#: Statuses that have no body.
_EMPTY = frozenset({204, 205, 304})


@dataclass(frozen=True, slots=True)
class Reply:
    """Status, headers and body, as an HTTP client gets them."""

    status: int
    headers: Mapping[str, str]
    body: Any

    def content(self) -> tuple[bytes, Mapping[str, str]]:
        """The body's bytes and all headers: texts go as they are, anything else as JSON."""
        if self.body is None or self.status in _EMPTY:
            return b"", self.headers
        is_text = isinstance(self.body, str)
        data = self.body.encode() if is_text else orjson.dumps(self.body)
        if any(name.lower() == "content-type" for name in self.headers):
            return data, self.headers
        return data, {**self.headers, "Content-Type": "text/plain; charset=utf-8" if is_text else "application/json"}


def parse_reply(output: Any) -> Reply | None:
    """The reply in the output of a block that responds; None when it is not of that form, or not of HTTP."""
    if not isinstance(output, dict):
        return None
    status, headers = output.get("status", 200), output.get("headers") or {}
    if type(status) is not int or not 200 <= status <= 599 or not isinstance(headers, dict):
        return None
    return Reply(
        status, {name: str(value) for name, value in headers.items() if _passes(name, value)}, output.get("body")
    )


def _passes(name: str, value: object) -> bool:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return False
    return (
        name.lower() not in _NOT_PASSED_ON
        and _NAME.fullmatch(name) is not None
        and _VALUE.fullmatch(str(value)) is not None
    )
