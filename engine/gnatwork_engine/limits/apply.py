"""The fold of a limit key."""

import math
from itertools import chain

from gnatwork_engine.core.event import Event, RunAddress
from gnatwork_engine.limits.state import Holder, LimitState
from gnatwork_schemas.errors import MessageError
from gnatwork_schemas.messages import LimitAcquire, LimitRelease, LimitSnapshot, TimerFired

#: Holders that are remembered after they were asked to make room; and of a `rate`, at least, after they were let in.
_REMEMBERED = 1000
#: Seconds for which those that a `rate` let in are remembered, however many they are up to this number: the event that
#: let them in may come again, after later ones have.
_MEMORY = 30.0
_MOST_REMEMBERED = 100_000


def apply_limit(state: LimitState | None, event: Event) -> LimitState:
    """Fold an event into the state, which is changed in place and given back.

    Raises:
        MessageError: the first event is none that a limit key begins with.
    """
    body = event.body
    if state is None:
        match body:
            case LimitSnapshot():
                return LimitState.restored(event.base, body)
            case LimitAcquire():
                address = RunAddress.of(event.base)
                state = LimitState(event.base, address, 0, body.kind, body.max, body.per, body.on_limit)
            case _:
                raise MessageError(f"the limit key {event.base} begins with {event.name}")
    if event.sequence <= state.sequence:
        return state
    state.sequence = event.sequence
    state.events += 1
    match body:
        case LimitAcquire():
            _acquire(state, event, body)
        case LimitRelease():
            holder = Holder(body.holder, body.task, body.attempt)
            state.waiting.pop(holder, None)
            if state.kind != "rate":
                state.take_back(holder)
        case TimerFired():
            state.next_at = None
        case _:
            # A snapshot, or the timer being set: only in some folds there are these, and no one takes them for a cause.
            if isinstance(body, LimitSnapshot):
                state.events = 0
            return state
    _admit(state, event)
    return state


def _acquire(state: LimitState, event: Event, body: LimitAcquire) -> None:
    state.kind, state.max, state.per, state.on_limit = body.kind, body.max, body.per, body.on_limit
    holder = Holder(body.holder, body.task, body.attempt)
    if holder in state.holding:
        # It has not heard of it yet, or asks out of habit.
        state.give(holder, event.sequence)
        return
    if holder in state.waiting:
        return
    if not _has_room(state, event.at) and body.on_limit == "reject":
        return
    if not _has_room(state, event.at) and body.on_limit == "cancel_oldest":
        leaving = set(state.evicted.values())
        # Those who wait are newer than those who have a slot, and older than who asks now.
        oldest = next((one for one in chain(state.holding, state.waiting) if one not in leaving), None)
        if oldest is not None:
            _remember(state.evicted, event.sequence, oldest)
    state.waiting[holder] = None


def _admit(state: LimitState, event: Event) -> None:
    """Give slots to those who wait, as long as there are any."""
    while state.waiting and _has_room(state, event.at):
        holder = next(iter(state.waiting))
        del state.waiting[holder]
        state.give(holder, event.sequence)
        if state.kind == "rate":
            state.given_at.append(event.at)
            while len(state.given_at) > state.max:
                state.given_at.popleft()
            while len(state.holding) > _remembered(state):
                state.take_back(next(iter(state.holding)))
    if state.waiting and state.kind == "rate" and state.next_at is None and state.given_at:
        state.next_at = state.given_at[max(0, len(state.given_at) - state.max)] + (state.per or 0.0)
        state.next_cause = event.sequence


def _remembered(state: LimitState) -> int:
    """How many holders of a `rate` are remembered."""
    rounds = math.ceil(_MEMORY / state.per) if state.per else 1
    return max(_REMEMBERED, state.max, min(rounds * state.max, _MOST_REMEMBERED))


def _has_room(state: LimitState, now: float) -> bool:
    if state.kind != "rate":
        return len(state.holding) < state.max
    given = state.given_at
    return len(given) < state.max or given[len(given) - state.max] + (state.per or 0.0) <= now


def _remember(book: dict[int, Holder], sequence: int, holder: Holder) -> None:
    book[sequence] = holder
    if len(book) > _REMEMBERED:
        del book[next(iter(book))]
