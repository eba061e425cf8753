"""What passes between the executor and a worker process: a length of four bytes, then as many bytes of JSON.

A request is two frames: `{"sources": [text], "choose": bool, "timeout": seconds}`, and the values by name. Its answer
is one frame: `{"value": JSON}` or `{"error": {"code", "message", "at", "line"}}`. Before the first request, the worker
sends one frame about itself: `{"layers": {name: bool}}`.
"""

import struct
from typing import BinaryIO

_LENGTH = struct.Struct("<I")
#: Bytes of the length.
HEAD = _LENGTH.size


def frame(data: bytes) -> bytes:
    """The data behind its length."""
    return _LENGTH.pack(len(data)) + data


def length(head: bytes | bytearray) -> int:
    """The length that the first `HEAD` bytes tell."""
    found: int = _LENGTH.unpack_from(head)[0]
    return found


def receive(pipe: BinaryIO) -> bytes | None:
    """The next frame, as a worker reads it; None at the end."""
    head = pipe.read(HEAD)
    return pipe.read(length(head)) if len(head) == HEAD else None


def send(pipe: BinaryIO, data: bytes) -> None:
    """Write a frame, as a worker does."""
    pipe.write(frame(data))
    pipe.flush()
