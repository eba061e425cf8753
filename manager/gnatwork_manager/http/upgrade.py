"""Offers to go on in another protocol, such as h2c, which some clients make with their first request. Pure."""

from collections.abc import Iterable

_OFFER = frozenset({b"connection", b"upgrade", b"http2-settings"})


def without_offer(method: bytes, url: bytes, headers: Iterable[tuple[bytes, bytes]]) -> bytes:
    """The head of a request as if it had not been made: a server may pass over it (RFC 9110, 7.8)."""
    kept = [name + b": " + value for name, value in headers if name not in _OFFER]
    return b"\r\n".join([method + b" " + url + b" HTTP/1.1", *kept, b"", b""])
