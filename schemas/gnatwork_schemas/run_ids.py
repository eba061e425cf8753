"""Run ids: UUIDv7 (RFC 9562), so that they sort by the time of submission.

Those of child runs follow from who asks for them: whoever knows the task can name its child.
"""

from hashlib import sha256

#: Of the 128 bits of a UUID: those that say when it was made, and those that are random (RFC 9562, 5.7).
_TIMESTAMP = ((1 << 48) - 1) << 80
_RANDOM = ((1 << 12) - 1) << 64 | ((1 << 62) - 1)
_VERSION_7 = 0x7 << 76 | 0b10 << 62


def run_id_of(now_ns: int, chance: int) -> str:
    """The id of a run that is submitted at a time, Unix nanoseconds; `chance` is 62 random bits.

    The 12 bits behind the milliseconds hold their fraction (method 3 of RFC 9562, 6.2), so ids made by one process
    within a millisecond sort as well.
    """
    milliseconds, rest = divmod(now_ns, 1_000_000)
    fraction = rest * 4096 // 1_000_000
    return _text(milliseconds << 80 | _VERSION_7 | fraction << 64 | chance)


def child_run_id(run_id: str, task: str, attempt: int) -> str:
    """The id of the run that this attempt of a `start-run` task starts, the same each time that it is asked.

    `task` is the path of that task, such as `child:start`, and `attempt` its own.

    A UUIDv7 with the time of the parent's id, since no other time is the same on a redelivery; a run's own times
    come from its history.
    """
    seed = int.from_bytes(sha256(f"{run_id}/{task}/{attempt}".encode()).digest()[:16])
    value = int(run_id.replace("-", ""), 16) & _TIMESTAMP | _VERSION_7 | seed & _RANDOM
    return _text(value)


def _text(value: int) -> str:
    text = f"{value:032x}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"
