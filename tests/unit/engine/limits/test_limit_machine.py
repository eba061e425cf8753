"""Any course of events of a limit key: never too many, in order, nothing lost."""

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from support.limit_story import LimitStory, holder

from gnatwork_engine.core.actions import Action, Grant, Refuse
from gnatwork_schemas.messages import LimitKind

_NAMES = st.sampled_from([f"r{number}" for number in range(8)])


class Machine(RuleBasedStateMachine):
    """Runs that ask, are granted, and leave; beside a model that is a list."""

    @initialize(
        limit=st.integers(1, 3),
        kind=st.sampled_from(["concurrency", "rate"]),
        on_limit=st.sampled_from(["queue", "reject"]),
    )
    def begin(self, limit: int, kind: LimitKind, on_limit: str) -> None:
        self.rate = kind == "rate"
        self.rejects = on_limit == "reject" and not self.rate
        self.story = LimitStory(
            limit, kind=kind, per=10.0 if self.rate else None, on_limit="reject" if self.rejects else "queue"
        )
        self.limit = limit
        self.waiting: list[str] = []
        self.holding: list[str] = []
        self.began: list[float] = []

    def take(self, actions: tuple[Action, ...], new: str | None = None) -> None:
        grants = [action.holder for action in actions if isinstance(action, Grant)]
        refused = [action.holder for action in actions if isinstance(action, Refuse)]
        for one in grants:
            if new and holder(new) == one and new in self.holding:
                continue
            assert self.waiting, "a slot for nobody"
            first = self.waiting.pop(0)
            assert holder(first) == one, "out of order"
            self.holding.append(first)
            self.began.append(self.story.now)
        for one in refused:
            assert self.rejects
            assert len(self.holding) >= self.limit, "refused although there was room"
            self.waiting = [name for name in self.waiting if holder(name) != one]

    @rule(name=_NAMES)
    def acquire(self, name: str) -> None:
        if name not in self.waiting and name not in self.holding:
            self.waiting.append(name)
        self.take(self.story.acquire(name), name)

    @precondition(lambda self: not self.rate)
    @rule(name=_NAMES)
    def release(self, name: str) -> None:
        for names in (self.waiting, self.holding):
            if name in names:
                names.remove(name)
        self.take(self.story.release(name))

    @precondition(lambda self: self.rate)
    @rule(seconds=st.floats(0, 20))
    def time_passes(self, seconds: float) -> None:
        self.story.now += seconds
        self.take(self.story.fired(self.story.now))

    @rule(data=st.data())
    def repeat(self, data: st.DataObject) -> None:
        if self.story.events:
            position = data.draw(st.integers(0, len(self.story.events) - 1))
            for action in self.story.again(position):
                assert not isinstance(action, Grant) or action.holder in {holder(name) for name in self.holding}

    @precondition(lambda self: self.story.state)
    @rule()
    def reload(self) -> None:
        """Another scheduler goes on, from a snapshot, and only what may be forgotten is."""
        if not self.rate:
            self.story.reload()

    @invariant()
    def never_too_many(self) -> None:
        if not self.rate:
            assert len(self.holding) <= self.limit
        for first, last in zip(self.began, self.began[self.limit :], strict=False):
            assert not self.rate or last - first >= 10.0, "too many in a time"

    @invariant()
    def nobody_waits_for_nothing(self) -> None:
        if self.rate:
            state = self.story.state
            assert not self.waiting or (state and state.next_at is not None)
        else:
            assert not self.waiting or len(self.holding) == self.limit

    @invariant()
    def the_model_is_the_state(self) -> None:
        if self.story.state:
            assert self.story.waiting() == self.waiting
            assert self.rate or sorted(self.story.granted()) == sorted(self.holding)


Machine.TestCase.settings = settings(max_examples=100, stateful_step_count=30, deadline=None)
TestMachine = Machine.TestCase
