"""What a client asks of the wire, so that HTTP and NATS are the same to it."""

from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol
from urllib.parse import quote

from pydantic import Field

from gnatwork.feeds import EventFeed, LogFeed
from gnatwork.logins import Keeper, Login
from gnatwork_schemas.audit import AuditRecord
from gnatwork_schemas.live import LogLine
from gnatwork_schemas.model import Model

#: Seconds that an answer may take, unless the client says otherwise.
DEFAULT_TIMEOUT = 30.0


class RunEvent(Model):
    """Something that happened in a run."""

    #: Of which run and workflow, where those of many are followed.
    run_id: str | None = None
    workflow: str | None = None

    #: `start`, `block.<task>.output`, `complete`, …; live ones end in `started`, `progress` or `log`. `gap`, without
    #: anything else, says that events may be missing before the next one.
    event: str
    #: Place in history; None for live events, which are not stored.
    sequence: int | None = None
    #: Unix seconds; None for live events.
    at: float | None = None
    #: The message; see `gnatwork_schemas.messages`.
    body: Any = Field(default=None)


def run_path(run_id: str, rest: str = "") -> str:
    """Where a run is, below `/api/v1`; whatever the id is made of, it leads nowhere else."""
    return f"/runs/{quote(run_id, safe='')}{rest}"


def workflow_path(name: str, rest: str = "") -> str:
    """Where a stored workflow is, below `/api/v1`; whatever the name is made of, it leads nowhere else."""
    return f"/workflows/{quote(name, safe='')}{rest}"


@dataclass(frozen=True, kw_only=True)
class Call:
    """A request to the manager, in the words of both transports."""

    #: Over NATS.
    verb: str
    #: Over HTTP, below `/api/v1`.
    method: str
    path: str
    #: What the path names, for NATS.
    subject: Mapping[str, str] = field(default_factory=dict)
    #: Parameters that narrow the question; None is left out.
    query: Mapping[str, Any] = field(default_factory=dict)
    body: Mapping[str, Any] | None = None
    #: The field that over NATS holds the body; None puts its fields beside the others.
    body_field: str | None = None
    idempotency_key: str | None = None
    #: The state of a workflow that the call is about, as its documents name it; 0 for none at all. None for any.
    revision: int | None = None

    @property
    def conditions(self) -> Mapping[str, str]:
        """What must hold for the call, as headers."""
        if self.revision is None:
            return {}
        return {"If-Match": f'"{self.revision}"'} if self.revision else {"If-None-Match": "*"}


class Transport(Protocol):
    """A way to reach a manager."""

    async def open(self) -> None:
        """Get ready; raises UnreachableError where that takes a connection and there is none."""

    async def call(self, call: Call) -> Any:
        """The answer's JSON, None for an empty one. Raises RequestError, UnreachableError."""

    def events(self, feed: EventFeed, after: int | None) -> AsyncGenerator[RunEvent, None]:
        """Events after a sequence, then what follows, where they are of one run until it has ended."""

    def log(self, feed: LogFeed) -> AsyncGenerator[LogLine, None]:
        """Lines of a run's log, those there are and those to come, until it has ended."""

    async def ended(self, run_id: str) -> RunEvent | None:
        """Return once the run has ended, with its end where it came by; else it is to be asked for."""

    def audit(self, after: int | None) -> AsyncGenerator[AuditRecord, None]:
        """Entries of the audit log as they are written, those after one or from now on."""

    def log_in(self, login: Login, keeper: Keeper | None) -> None:
        """Have requests be those of someone who has logged in. Raises ClientError where nobody can."""

    async def close(self) -> None:
        """Give up the connection."""
