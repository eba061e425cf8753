"""Where a run is in lists: a number that grows with the time of submission, the same at every manager.

A run id is a UUIDv7: 48 bits of milliseconds, 12 bits of their fraction, the rest by chance. Time and three more bits
make 63, so that the number is a row id of SQLite, and every index is in the order of lists without a column for it.
"""

import re
from typing import NamedTuple
from zlib import crc32

from gnatwork_schemas.names import RUN_ID_PATTERN

#: Places of one millisecond.
PER_MILLISECOND = 1 << 15
_RUN_ID = re.compile(RUN_ID_PATTERN)
#: How the digits of a run id are grouped.
_GROUPS = (8, 12, 16, 20, 32)
_PREFIX = re.compile(r"[0-9a-f]{4}[0-9a-f-]{0,32}")
#: Runs that may have had to move on because their place was taken.
_MOVED = 64


class Places(NamedTuple):
    """A range of places, both ends included."""

    first: int
    last: int


def place_of(run_id: str, created_at: float) -> int:
    """The place of a run; `created_at`, Unix seconds, is for ids that do not say when they were made."""
    if _RUN_ID.fullmatch(run_id):
        return _place(int(run_id.replace("-", ""), 16))
    return int(created_at * 1000) * PER_MILLISECOND + crc32(run_id.encode()) % PER_MILLISECOND


def id_prefix(text: str) -> str | None:
    """What a text has in common with the run ids that it begins, as they are written; None when it begins none.

    At least four digits, with hyphens or without.
    """
    if not _PREFIX.fullmatch(text) or len(digits := text.replace("-", "")) > _GROUPS[-1]:
        return None
    first = (0, *_GROUPS)
    return "-".join(part for begin, end in zip(first, _GROUPS, strict=False) if (part := digits[begin:end]))


def places_of(prefix: str) -> Places:
    """Where the runs are whose ids begin so."""
    digits = prefix.replace("-", "")
    lowest, highest = digits.ljust(_GROUPS[-1], "0"), digits.ljust(_GROUPS[-1], "f")
    return Places(_place(int(lowest, 16)), _place(int(highest, 16)) + _MOVED)


def _place(number: int) -> int:
    milliseconds, fraction, chance = number >> 80, number >> 64 & 0xFFF, number >> 59 & 0x7
    # A time that no one can have made would not fit.
    return min(milliseconds, (1 << 48) - 2) * PER_MILLISECOND + (fraction << 3 | chance)
