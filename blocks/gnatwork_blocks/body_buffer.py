"""Bodies as they come from the wire: decompressed, within a limit."""

import zlib
from typing import Any

_GZIP_MAGIC = b"\x1f\x8b"
#: Both of them, and raw deflate data, are told apart by so many bytes.
_HEAD = 2


class ContentEncodingError(Exception):
    """The body can't be decompressed."""


class BodyTooLargeError(Exception):
    """The body is larger than the limit."""


class BodyBuffer:
    """Collects a body of at most `limit` bytes, counted after decompression, which itself stops at the limit.

    Args:
        limit: Bytes.
        content_encoding: The header of that name: nothing, `gzip` or `deflate`, which are all we ask for.

    Raises:
        ContentEncodingError: Another encoding, or several on top of each other.
    """

    def __init__(self, limit: int, content_encoding: str = "") -> None:
        coding = content_encoding.strip().lower()
        if coding not in {"", "identity", "gzip", "x-gzip", "deflate"}:
            raise ContentEncodingError(f"content-encoding {coding!r} was not asked for")
        self._limit = limit
        self._coding = "" if coding == "identity" else coding
        self._parts: list[bytes] = []
        self._size = 0
        #: Of the gzip member, or deflate stream, that has begun and not ended.
        self._inflater: Any = None
        #: The beginning of the next one, as long as it is too short to tell what it is.
        self._head = b""
        #: A gzip body may have several.
        self._members = 0
        self._padding = False

    def feed(self, chunk: bytes) -> None:
        """Take a chunk as it came from the wire.

        Raises:
            BodyTooLargeError: The limit is passed; what came before it can still be had.
            ContentEncodingError: It is not what its encoding says.
        """
        if not self._coding:
            self._take(chunk)
            return
        while chunk and not self._padding:
            if self._inflater is None:
                chunk = self._head + chunk
                self._head = chunk if len(chunk) < _HEAD else b""
                if self._head:
                    return
                self._begin(chunk)
            else:
                chunk = self._inflate(chunk)

    def finish(self) -> bytes:
        """The whole body.

        Raises:
            ContentEncodingError: The compressed body ends early.
        """
        if self._inflater is not None or (self._head and not self._members):
            raise ContentEncodingError("the compressed body ends early")
        return self.so_far()

    def so_far(self) -> bytes:
        """What has come."""
        return b"".join(self._parts)

    def _begin(self, start: bytes) -> None:
        if start.startswith(_GZIP_MAGIC):
            self._inflater = zlib.decompressobj(zlib.MAX_WBITS | 16)
        elif self._members:
            self._padding = True
        elif self._coding == "deflate":
            # Some servers send bare deflate data, without the header of zlib (RFC 1950, 2.2).
            has_header = start[0] & 0x0F == 8 and int.from_bytes(start[:2], "big") % 31 == 0
            self._inflater = zlib.decompressobj(zlib.MAX_WBITS if has_header else -zlib.MAX_WBITS)
        else:
            raise ContentEncodingError("the body is not compressed as its header says")

    def _inflate(self, chunk: bytes) -> bytes:
        """Take a compressed chunk; yields what follows the end of the member."""
        try:
            piece: bytes = self._inflater.decompress(chunk, self._limit - self._size + 1)
        except zlib.error as error:
            raise ContentEncodingError("the compressed body is damaged") from error
        rest: bytes = self._inflater.unused_data
        if self._inflater.eof:
            self._inflater = None
            self._members += 1
        self._take(piece)
        return rest

    def _take(self, piece: bytes) -> None:
        self._parts.append(piece[: self._limit - self._size])
        self._size += len(piece)
        if self._size > self._limit:
            raise BodyTooLargeError
