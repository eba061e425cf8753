"""What a scheduler needs to know at start."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class SchedulerSettings:
    """Settings of one scheduler process."""

    #: URL of the NATS server, credentials included.
    nats_url: str
    #: Shards of a new installation, 8 unless given; the number is fixed from then on.
    shards: int | None = None
    #: Copies that the servers of a cluster keep of every stream; None leaves them as they are, 1 at first.
    replicas: int | None = None
    #: Shows in discovery and logs.
    name: str | None = None
