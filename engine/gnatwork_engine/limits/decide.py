"""What an event of a limit key calls for."""

from collections.abc import Iterator

from gnatwork_engine.core.actions import Action, Evict, Grant, Refuse, SetTimer
from gnatwork_engine.core.event import Event
from gnatwork_engine.limits.state import NEXT_TIMER, LimitState


def decide_limit(state: LimitState, event: Event) -> tuple[Action, ...]:
    """The actions that `event` calls for and that are still open, given a state that has folded it in."""
    return tuple(_open(state, event.sequence))


def _open(state: LimitState, sequence: int) -> Iterator[Action]:
    for holder in state.granted.get(sequence, ()):
        yield Grant(holder.history, state.kind, holder.task, holder.attempt)
    if (refused := state.refused.get(sequence)) is not None:
        yield Refuse(refused.history, state.max)
    oldest = state.evicted.get(sequence)
    if oldest is not None and (oldest in state.holding or oldest in state.waiting):
        yield Evict(oldest.history)
    if state.next_at is not None and state.next_cause == sequence:
        yield SetTimer(NEXT_TIMER, state.next_at)
