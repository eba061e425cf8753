"""What executors tell while a task runs, over core NATS. Times are Unix seconds on the executor's clock.

Lines of logs are kept by the stream of logs, the others by nobody.
"""

from enum import StrEnum
from typing import Any

from pydantic import Field

from gnatwork_schemas.messages import Message


class LiveEvent(Message):
    """What every live event has."""

    task: str
    attempt: int = Field(ge=1)
    executor: str = ""
    at: float


class Started(LiveEvent):
    """`started`: an attempt runs. Said only of attempts that do not end at once; those are told by their outcome."""


class Progress(LiveEvent):
    """`progress`: how far an attempt is."""

    #: Share of the work that is done.
    fraction: float = Field(ge=0, le=1)
    message: str = ""


class LogLevel(StrEnum):
    """How much a line matters, the least first."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


class Log(LiveEvent):
    """`log`: a line that a block wrote for the people who watch its run."""

    level: LogLevel
    message: str
    fields: dict[str, Any] = Field(default_factory=dict)


class LogLine(Log):
    """A line as it is kept."""

    #: Its place among the lines of all runs.
    sequence: int
