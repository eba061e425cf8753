"""Server-sent events as text (WHATWG HTML, 9.2)."""

from typing import Any

import orjson

MEDIA_TYPE = "text/event-stream"
#: A comment: keeps proxies from closing a quiet stream.
HEARTBEAT = b": still here\n\n"
#: The last event of a stream that does not end with an event of its own.
END = "end"


def format_event(event: str, data: Any, *, sequence: int | None = None) -> bytes:
    """One event; `sequence` becomes its id, from which a client goes on after a break."""
    head = f"id: {sequence}\nevent: {event}\n" if sequence is not None else f"event: {event}\n"
    # JSON has no line breaks of its own, so one `data` line is enough.
    return b"%bdata: %b\n\n" % (head.encode(), orjson.dumps(data))


def format_place(sequence: int) -> bytes:
    """No event, only the id from which a client goes on when the stream breaks before its first event."""
    return b"id: %d\n\n" % sequence


def parse_last_event_id(text: str | None) -> int:
    """The sequence after which to go on; 0, the beginning, for none or one that is not ours."""
    return int(text) if text and text.isascii() and text.isdigit() and len(text) <= 19 else 0
