"""`cancel_oldest`: the newest runs are those that stay, however fast they come."""

from gnatwork_engine.core.actions import Action, Evict, Grant
from gnatwork_engine.core.event import Event
from gnatwork_engine.limits import LimitState, apply_limit, decide_limit
from gnatwork_schemas import subjects
from gnatwork_schemas.messages import LimitAcquire, LimitRelease, Message

_BASE = subjects.limit_base(8, "default", subjects.limit_key("concurrency", "default", "w", ""))


class Key:
    """A limit key with two slots."""

    def __init__(self) -> None:
        self.state: LimitState | None = None

    def _hear(self, name: str, body: Message) -> tuple[Action, ...]:
        sequence = self.state.sequence + 1 if self.state else 1
        event = Event(base=_BASE, name=name, sequence=sequence, at=float(sequence), body=body)
        self.state = apply_limit(self.state, event)
        return decide_limit(self.state, event)

    def acquire(self, run: str) -> tuple[Action, ...]:
        body = LimitAcquire(kind="concurrency", holder=run, max=2, on_limit="cancel_oldest")
        return self._hear(subjects.LIMIT_ACQUIRE, body)

    def release(self, run: str) -> tuple[Action, ...]:
        return self._hear(subjects.LIMIT_RELEASE, LimitRelease(holder=run))


def grant(run: str) -> Grant:
    return Grant(run, "concurrency", None, 0)


def test_each_run_that_comes_sends_the_oldest_away_even_one_that_waits() -> None:
    key = Key()
    assert [key.acquire(run) for run in ("r1", "r2")] == [(grant("r1"),), (grant("r2"),)]
    # Nobody has left yet when the next ones come.
    assert [key.acquire(run) for run in ("r3", "r4", "r5")] == [(Evict("r1"),), (Evict("r2"),), (Evict("r3"),)]
    assert key.release("r3") == ()
    assert key.release("r1") == (grant("r4"),)
    assert key.release("r2") == (grant("r5"),)
