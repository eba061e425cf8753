"""Keeping what an attempt was given out of all that it says."""

import logging
from contextvars import ContextVar
from typing import Any

import orjson

from gnatwork_blocks.context import BlockContext, Level, LogSink, ProgressSink
from gnatwork_engine.redaction import Redactor
from gnatwork_schemas.error import ErrorInfo

#: Of the attempt that runs in this context; None where it was given no secret.
redactor: ContextVar[Redactor | None] = ContextVar("redactor", default=None)

_make_record = logging.getLogRecordFactory()
_formatter = logging.Formatter()


def guard_logs() -> None:
    """Have every line that this process logs from now on made by `_redacted_record`, whichever logger it comes from."""
    logging.setLogRecordFactory(_redacted_record)


def redacted_error(info: ErrorInfo, found: Redactor) -> ErrorInfo:
    """An error without the secrets, before anything of it is cut."""
    details: Any = info.details
    try:
        encoded = orjson.dumps(details, default=repr, option=orjson.OPT_NON_STR_KEYS)
        details = orjson.loads(found.encoded(encoded))
    except TypeError as error:
        details = {"omitted": found.text(str(error))}
    return info.model_copy(update={"message": found.text(info.message), "details": details})


def redacting_log(sink: LogSink, found: Redactor) -> LogSink:
    """A sink that passes lines on without the secrets."""

    def log(ctx: BlockContext, level: Level, message: str, fields: dict[str, Any]) -> None:
        try:
            encoded = orjson.dumps(fields, default=str, option=orjson.OPT_NON_STR_KEYS)
            fields = orjson.loads(found.encoded(encoded))
        except TypeError as error:
            fields = {"omitted": found.text(str(error))}
        sink(ctx, level, found.text(message), fields)

    return log


def redacting_progress(sink: ProgressSink, found: Redactor) -> ProgressSink:
    """Likewise for progress."""

    def progress(ctx: BlockContext, fraction: float, message: str) -> None:
        sink(ctx, fraction, found.text(message))

    return progress


def _redacted_record(*args: Any, **kwargs: Any) -> logging.LogRecord:
    record = _make_record(*args, **kwargs)
    if (found := redactor.get()) is None:
        return record
    record.msg, record.args = found.text(record.getMessage()), ()
    if record.exc_info:
        # A handler writes `exc_text` where it is there already.
        record.exc_text = found.text(_formatter.formatException(record.exc_info))
        record.exc_info = None
    if record.stack_info:
        record.stack_info = found.text(record.stack_info)
    return record
