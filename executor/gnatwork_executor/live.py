"""What is said about an attempt while it runs: `started`, `progress`, `log`, over core NATS.

Only log lines are stored, by the stream of logs, which listens. All of it is bounded, because blocks are not: `started`
only of attempts that take a while, progress a few times a second (the newest is what counts), log lines up to a number
per second and each up to a length.
"""

import asyncio
import logging
import time
from collections.abc import Callable
from typing import Any

import orjson

from gnatwork_blocks.context import BlockContext, Level
from gnatwork_executor.lines import WINDOW, LineLimit
from gnatwork_schemas.messages import Work
from gnatwork_schemas.model import VERSION
from gnatwork_schemas.subjects import live_task

log = logging.getLogger(__name__)

#: Seconds after which an attempt that still runs is announced.
STARTED_AFTER = 0.05
#: Seconds between two progress events of an attempt.
PROGRESS_INTERVAL = 0.25
#: Characters of a log line, and of all its fields together.
LONGEST_LINE = 8192

_LEVELS = {"debug": logging.DEBUG, "info": logging.INFO, "warning": logging.WARNING, "error": logging.ERROR}

#: Sends a core NATS message.
Send = Callable[[str, bytes], None]


class LiveEvents:
    """Tells what happens within one attempt."""

    __slots__ = (
        "_closed",
        "_executor",
        "_limit",
        "_next_progress",
        "_note",
        "_progress",
        "_send",
        "_timer",
        "_work",
    )

    def __init__(self, work: Work, executor: str, send: Send) -> None:
        self._work = work
        self._executor = executor
        self._send = send
        self._limit = LineLimit()
        #: Set while lines are left out, to say so.
        self._note: asyncio.TimerHandle | None = None
        self._progress: dict[str, Any] = {}
        self._next_progress = 0.0
        self._timer: asyncio.TimerHandle | None = None
        self._closed = False

    def started(self, at: float) -> None:
        """The block runs since `at`, Unix seconds."""
        self._tell("started", at)

    def progress(self, _ctx: BlockContext, fraction: float, message: str) -> None:
        """The share of the work that is done, 0 to 1: a `ProgressSink`."""
        self._progress = {"fraction": fraction, "message": message[:LONGEST_LINE]}
        if self._timer is not None:
            return
        loop = asyncio.get_running_loop()
        if (wait := self._next_progress - loop.time()) > 0:
            self._timer = loop.call_later(wait, self._tell_progress)
        else:
            self._tell_progress()

    def log(self, _ctx: BlockContext, level: Level, message: str, fields: dict[str, Any]) -> None:
        """A line for those who watch the run: a `LogSink`."""
        loop = asyncio.get_running_loop()
        if not self._limit.admits(loop.time()):
            if self._note is None:
                self._note = loop.call_later(WINDOW, self._tell_left_out)
            return
        if len(message) > LONGEST_LINE:
            message = f"{message[:LONGEST_LINE]}… ({len(message)} characters in all)"
        if sum(len(str(value)) for value in fields.values()) > LONGEST_LINE:
            fields = {"omitted": sorted(fields)}
        self._tell_line(level, message, fields)

    def close(self) -> None:
        """The block runs no more: say nothing further."""
        self._tell_left_out()
        self._closed = True
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _tell_line(self, level: Level, message: str, fields: dict[str, Any]) -> None:
        lines = logging.getLogger(f"gnatwork.block.{self._work.type}")
        lines.log(_LEVELS[level], "%s %s: %s", self._work.run_id, self._work.task, message)
        self._tell("log", time.time(), level=level, message=message, fields=fields)

    def _tell_left_out(self) -> None:
        if self._note is not None:
            self._note.cancel()
            self._note = None
        if text := self._limit.take():
            self._tell_line("warning", text, {})

    def _tell_progress(self) -> None:
        self._timer = None
        self._next_progress = asyncio.get_running_loop().time() + PROGRESS_INTERVAL
        self._tell("progress", time.time(), **self._progress)

    def _tell(self, kind: str, at: float, **more: Any) -> None:
        work = self._work
        body = {"v": VERSION, "task": work.task, "attempt": work.attempt, "executor": self._executor, "at": at, **more}
        if self._closed:
            return
        try:
            data = orjson.dumps(body, default=str, option=orjson.OPT_NON_STR_KEYS)
        except TypeError as error:
            log.warning("%s of %s in run %s is no JSON: %s", kind, work.task, work.run_id, error)
            return
        self._send(live_task(work.run_id, work.task, kind), data)
