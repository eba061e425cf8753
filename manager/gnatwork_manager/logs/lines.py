"""Lines of logs as the API shows them, and which of them someone wants."""

import contextlib
from collections.abc import AsyncGenerator
from typing import Any

import orjson
from pydantic import Field

from gnatwork_bus.history import History
from gnatwork_bus.logs import Logs
from gnatwork_bus.message import StoredMessage
from gnatwork_bus.run_log import run_log
from gnatwork_manager.listing import PageQuery
from gnatwork_manager.pages import decode_cursor, encode_cursor, page
from gnatwork_manager.sse import END, format_event
from gnatwork_schemas.live import LogLevel
from gnatwork_schemas.model import StrictModel
from gnatwork_schemas.names import TASK_PATH_PATTERN

#: Lines that are read at once where few of them may be wanted, and how often for one page, which may stay short.
_BATCH, _BATCHES = 1000, 5
_RANK = {level: rank for rank, level in enumerate(LogLevel)}


class LevelFilter(StrictModel):
    """Which lines of a log; nothing given has all."""

    level: LogLevel = Field(default=LogLevel.DEBUG, description="Only those of this level and above.")


class LogFilter(LevelFilter):
    """Which lines of a run's log; nothing given has all."""

    task: str | None = Field(default=None, pattern=TASK_PATH_PATTERN, description="Only those of this task.")


class LogQuery(PageQuery, LogFilter):
    """A page of a run's log."""


class TaskLogQuery(PageQuery, LevelFilter):
    """A page of a task's log."""


async def log_page(logs: Logs, run_id: str, query: LogQuery) -> dict[str, Any]:
    """A page of a run's lines, the oldest first."""
    place = decode_cursor(query.cursor, int)
    after = place[0] if place else 0
    batch = query.limit + 1 if query.level is LogLevel.DEBUG else _BATCH
    found: list[dict[str, Any]] = []
    for _ in range(_BATCHES):
        messages = await logs.read(run_id, query.task or "*", after=after, limit=batch)
        for message in messages:
            if line := log_line(message, query.level):
                if len(found) == query.limit:
                    return page(found, encode_cursor(after))
                found.append(line)
            after = message.sequence
        if len(messages) < batch:
            return page(found, None)
    return page(found, encode_cursor(after))


async def log_stream(
    history: History, logs: Logs, base: str, wanted: LogFilter, after: int
) -> AsyncGenerator[bytes, None]:
    """The lines of a run as they come, as server-sent events; the last one is `end`, a moment after the run's."""
    async with contextlib.aclosing(run_log(history, logs, base, wanted.task, after)) as messages:
        async for message in messages:
            if line := log_line(message, wanted.level):
                yield format_event("log", line, sequence=message.sequence)
    yield format_event(END, {"event": END})


def log_line(message: StoredMessage, least: LogLevel) -> dict[str, Any] | None:
    """A line as the API shows it; None when it is below a level, or is none: anyone may send what looks like one."""
    try:
        told = orjson.loads(message.data)
        level = LogLevel(told["level"])
        line = {
            "sequence": message.sequence,
            "at": float(told["at"]),
            "task": str(told["task"]),
            "attempt": int(told["attempt"]),
            "executor": str(told.get("executor", "")),
            "level": level,
            "message": str(told["message"]),
            "fields": dict(told.get("fields") or {}),
        }
    except (ValueError, KeyError, TypeError, AttributeError):
        return None
    return line if _RANK[level] >= _RANK[least] else None
