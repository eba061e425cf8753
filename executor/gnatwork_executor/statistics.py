"""What an executor counts, per block type, since it started."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any


@dataclass(slots=True)
class Statistics:
    """The counters of one block type; shown by `nats micro stats gnatwork-executor`."""

    #: Attempts whose block was run.
    attempts: int = 0
    #: Seconds that blocks ran, all attempts together.
    seconds: float = 0.0
    #: Work items received and not yet settled.
    in_flight: int = 0
    #: Published errors, by code.
    errors: Counter[str] = field(default_factory=Counter)
    #: Items that were acknowledged without a run: their attempt had an outcome already, or their run was cancelled.
    skipped: int = 0
    #: Items that were handed back because the process leaves.
    handed_back: int = 0
    #: Items that no one could read.
    dead_letters: int = 0
    #: Blocks that did not stop when they were told to, and were left behind.
    abandoned: int = 0

    def as_json(self) -> dict[str, Any]:
        """All counters, as JSON."""
        return {
            "attempts": self.attempts,
            "in_flight": self.in_flight,
            "errors": dict(self.errors),
            "skipped": self.skipped,
            "handed_back": self.handed_back,
            "dead_letters": self.dead_letters,
            "abandoned": self.abandoned,
        }
