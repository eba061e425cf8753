"""Run ids: UUIDv7 (RFC 9562), so that they sort by the time of submission."""

import secrets
import time


def new_run_id(now_ns: int | None = None) -> str:
    """A new id; `now_ns` is Unix time in nanoseconds.

    The 12 bits behind the milliseconds hold their fraction (method 3 of RFC 9562, 6.2), so ids made by one process
    within a millisecond sort as well.
    """
    milliseconds, rest = divmod(time.time_ns() if now_ns is None else now_ns, 1_000_000)
    fraction = rest * 4096 // 1_000_000
    value = milliseconds << 80 | 0x7 << 76 | fraction << 64 | 0b10 << 62 | secrets.randbits(62)
    text = f"{value:032x}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"
