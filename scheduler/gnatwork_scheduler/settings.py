"""What a scheduler needs to know at start."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class SchedulerSettings:
    """Settings of one scheduler process."""

    #: URL of the NATS server, credentials included.
    nats_url: str
    #: Shards of a new installation, 8 unless given; the number is fixed from then on.
    shards: int | None = None
    #: Seconds between the end of a run and its archiving.
    archive_after: float = 600.0
    #: Seconds for which ended runs are kept then, unless their workflow says otherwise.
    retention: float = 7 * 86_400.0
    #: Copies that the servers of a cluster keep of every stream; None leaves them as they are, 1 at first.
    replicas: int | None = None
    #: Shows in discovery and logs.
    name: str | None = None
