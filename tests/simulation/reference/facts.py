"""The events of one run, found by what they are about and by when."""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Any

from gnatwork_engine.core import Event
from gnatwork_schemas import subjects
from gnatwork_schemas.messages import (
    CancelRequest,
    ChildEnded,
    Error,
    LimitGranted,
    LimitRefused,
    Message,
    Output,
    PauseRequest,
    ResumeRequest,
    Signal,
    Start,
    TimerFired,
)

#: The moment of what does not happen, or not yet.
NEVER = float("inf")


class Facts:
    """Moments are sequences. What comes after the `horizon` is not seen."""

    def __init__(self) -> None:
        self.start: Start | None = None
        self.begin = NEVER
        self.end: tuple[int, str, Message] | None = None
        self.horizon = NEVER
        #: When each event was stored, Unix seconds.
        self.at: dict[float, float] = {}
        #: Tasks that executors were asked to do.
        self.asked: set[str] = set()
        self.cancels: list[int] = []
        self.refusals: list[int] = []
        self.all_outcomes: dict[tuple[str, int], list[tuple[int, Output | Error]]] = defaultdict(list)
        self.all_fired: dict[str, list[int]] = defaultdict(list)
        self.all_signals: dict[str, list[tuple[int, Signal]]] = defaultdict(list)
        self.all_children: dict[str, list[tuple[int, ChildEnded]]] = defaultdict(list)
        self.all_grants: dict[tuple[str, str | None, int], list[int]] = defaultdict(list)
        #: Moments at which the run is paused, and resumed, in turn.
        self._switches: list[int] = []

    def tell(self, event: Event) -> None:
        """The next event."""
        sequence, body = event.sequence, event.body
        self.at[sequence] = event.at
        if self.end is not None:
            return
        if isinstance(body, Start):
            self.start, self.begin = body, sequence
        elif body is not None and event.name in subjects.ENDS:
            self.end = sequence, event.name, body
        elif tell := _TELL.get(type(body)):
            tell(self, sequence, body)

    def switch(self, moment: int, *, paused: bool) -> None:
        """Someone wants the run to be paused, or resumed."""
        if paused != bool(len(self._switches) % 2):
            self._switches.append(moment)

    def first(self, moments: Sequence[int], after: float) -> float:
        """The first of these moments that comes after another one."""
        return next((moment for moment in moments if after < moment <= self.horizon), NEVER)

    def hold(self, moment: float) -> float:
        """When that begins which is due at a moment: then, or when the run is resumed."""
        if moment > self.horizon:
            return NEVER
        passed = bisect_right(self._switches, moment)
        if passed % 2 == 0:
            return moment
        return self.first(self._switches[passed : passed + 1], moment)

    def paused(self, moment: float) -> bool:
        """Whether the run is paused."""
        return bisect_right(self._switches, moment) % 2 == 1

    def outcome(self, task: str, attempt: int, after: float) -> tuple[int, Output | Error] | None:
        """The first outcome of an attempt."""
        found = self.all_outcomes.get((task, attempt), ())
        return next((one for one in found if after < one[0] <= self.horizon), None)

    def fired(self, timer: str, after: float) -> float:
        """When a timer fires; `hold` says when that counts."""
        return self.first(self.all_fired.get(timer, ()), after)

    def signals(self, name: str) -> list[tuple[int, Signal]]:
        """All signals of a name."""
        return [one for one in self.all_signals.get(name, ()) if one[0] <= self.horizon]

    def child_ended(self, task: str, run_id: str) -> tuple[int, ChildEnded] | None:
        """The end of a child run."""
        found = self.all_children.get(task, ())
        return next((one for one in found if one[1].run_id == run_id and one[0] <= self.horizon), None)

    def granted(self, kind: str, after: float, task: str | None = None, attempt: int = 0) -> float:
        """When a slot is given; to a task only while the run goes on, for it asks again when it is resumed."""
        moments = self.all_grants.get((kind, task, attempt), ())
        if task is not None:
            moments = [moment for moment in moments if not self.paused(moment)]
        return self.first(moments, after)


_TELL: dict[type[Message | None], Callable[[Facts, int, Any], None]] = {
    Output: lambda facts, moment, body: facts.all_outcomes[body.task, body.attempt].append((moment, body)),
    Error: lambda facts, moment, body: facts.all_outcomes[body.task, body.attempt].append((moment, body)),
    TimerFired: lambda facts, moment, body: facts.all_fired[body.timer].append(moment),
    Signal: lambda facts, moment, body: facts.all_signals[body.name].append((moment, body)),
    ChildEnded: lambda facts, moment, body: facts.all_children[body.task].append((moment, body)),
    LimitGranted: lambda facts, moment, body: facts.all_grants[body.kind, body.task, body.attempt].append(moment),
    LimitRefused: lambda facts, moment, _: facts.refusals.append(moment),
    CancelRequest: lambda facts, moment, _: facts.cancels.append(moment),
    PauseRequest: lambda facts, moment, _: facts.switch(moment, paused=True),
    ResumeRequest: lambda facts, moment, _: facts.switch(moment, paused=False),
}
