"""What becomes of tasks and scopes."""

from dataclasses import dataclass, field
from typing import Any, NamedTuple

from gnatwork_schemas.control_block import ControlledBlock
from gnatwork_schemas.error import ErrorInfo
from simulation.reference.facts import NEVER

COMPLETED, FAILED, SKIPPED, CANCELLED = "completed", "failed", "skipped", "cancelled"
#: It has failed, but would have been tried again if its scope did not fail.
GIVEN_UP = "given up"


@dataclass(frozen=True, slots=True)
class Fate:
    """What becomes of a task; the one below is of a task that is not settled."""

    settled: float = NEVER
    status: str = ""
    #: Ports that it takes.
    ports: frozenset[str] = frozenset()
    #: Whether it takes none though it completes.
    refuses: bool = False
    value: Any = None
    error: ErrorInfo | None = None


OPEN = Fate()


@dataclass(frozen=True, slots=True)
class ScopeFate:
    """What becomes of the blocks of a scope."""

    #: When the last of them is settled.
    settled: float
    fates: dict[str, Fate]
    #: When it begins to fail, and why.
    doom: float = NEVER
    error: ErrorInfo | None = None


class Waiter(NamedTuple):
    """A task that waits for a signal, in the order in which they are served."""

    #: When it begins to wait, when that was due, and how deep it is.
    begins: float
    due: float
    depth: int
    order: int
    path: str
    signal: str
    #: When it waits no more, if no signal comes.
    leaves: float


@dataclass(slots=True)
class Log:
    """What happens on the way."""

    #: When each attempt may be dispatched.
    dispatched: dict[tuple[str, int], float] = field(default_factory=dict)
    #: What is to be undone if the run fails: since when, the path of what does it, and what that is.
    undos: list[tuple[float, str, ControlledBlock]] = field(default_factory=list)
    waiters: list[Waiter] = field(default_factory=list)
    #: What loops and groups have to yield, and what they did.
    collected: list[tuple[str, Any, Any]] = field(default_factory=list)
    #: Timers that fired too early.
    early: list[str] = field(default_factory=list)

    def add(self, other: "Log") -> None:
        """What has happened in another log has happened."""
        self.dispatched |= other.dispatched
        self.undos += other.undos
        self.waiters += other.waiters
        self.collected += other.collected
        self.early += other.early
