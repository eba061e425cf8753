"""What a scheduler has done since it started."""

from dataclasses import dataclass


@dataclass(slots=True)
class Statistics:
    """Counters."""

    #: Events folded in, repeated ones included.
    events: int = 0
    #: Events that could not be read and are now dead letters.
    refused: int = 0
    #: Events of no run, deleted.
    orphaned: int = 0
