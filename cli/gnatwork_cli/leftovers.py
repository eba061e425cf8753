"""Finding and stopping what a killed `gnatwork up` left behind."""

import asyncio
import contextlib
import fcntl
import os
import signal
from pathlib import Path
from typing import NamedTuple

#: Seconds between two looks at whether a process is gone.
_LOOK = 0.05
#: The one to stop first: it stops its children in order.
SUPERVISOR = "supervisord"


class Leftover(NamedTuple):
    """A guarded process that is still alive."""

    name: str
    pid: int
    file: Path


def living(folder: Path) -> list[Leftover]:
    """The processes that hold their pid file in `folder`, the supervisor first; files of the dead are removed."""
    found = []
    for file in sorted(folder.glob("*.pid")):
        pid = _holder(file)
        if pid is None:
            file.unlink(missing_ok=True)
        else:
            found.append(Leftover(file.stem, pid, file))
    return sorted(found, key=lambda leftover: leftover.name != SUPERVISOR)


async def stop_all(folder: Path, patience: float) -> list[str]:
    """Stop every guarded process and return their names.

    SIGTERM to the supervisor, and once it is gone to what it did not take along; SIGKILL after `patience` seconds.
    """
    stopped: list[str] = []
    while leftovers := living(folder):
        wave = [one for one in leftovers if one.name == SUPERVISOR] or leftovers
        stopped += [one.name for one in wave]
        await asyncio.gather(*(_stop(one, patience) for one in wave))
    return stopped


async def _stop(leftover: Leftover, patience: float) -> None:
    for number, seconds in ((signal.SIGTERM, patience), (signal.SIGKILL, patience)):
        with contextlib.suppress(ProcessLookupError):
            os.kill(leftover.pid, number)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while _holder(leftover.file) == leftover.pid:  # noqa: ASYNC110 - not our child: nothing tells us
                    await asyncio.sleep(_LOOK)
                return


def _holder(file: Path) -> int | None:
    """The pid of the process that holds this file's lock, or None."""
    try:
        with file.open("rb") as opened:
            try:
                fcntl.flock(opened, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                return int(opened.read() or 0) or None
            return None
    except FileNotFoundError:
        return None
