"""What an event of a limit key calls for."""

from collections.abc import Iterator

from gnatwork_engine.core.actions import Action, Evict, Grant, Refuse, SetTimer
from gnatwork_engine.core.event import Event
from gnatwork_engine.limits.state import NEXT_TIMER, Holder, LimitState
from gnatwork_schemas.messages import LimitAcquire


def decide_limit(state: LimitState, event: Event) -> tuple[Action, ...]:
    """The actions that `event` calls for and that are still open, given a state that has folded it in."""
    return tuple(_open(state, event))


def _open(state: LimitState, event: Event) -> Iterator[Action]:
    sequence = event.sequence
    for holder in state.granted.get(sequence, ()):
        yield Grant(holder.history, state.kind, holder.task, holder.attempt)
    if isinstance(asked := event.body, LimitAcquire) and asked.on_limit == "reject":
        holder = Holder(asked.holder, asked.task, asked.attempt)
        if holder not in state.holding and holder not in state.waiting:
            # It was refused, or is gone by now and does not listen.
            yield Refuse(holder.history, asked.max)
    oldest = state.evicted.get(sequence)
    if oldest is not None and (oldest in state.holding or oldest in state.waiting):
        yield Evict(oldest.history)
    if state.next_at is not None and state.next_cause == sequence:
        yield SetTimer(NEXT_TIMER, state.next_at)
