"""The heart: a run's state is the fold of its history, and what is left to do follows from the state.

`apply` folds an event into the state; `decide` says which actions an event calls for. Both are pure: time and
ids come in with events, nothing is read, written or drawn by lot here.
"""

from gnatwork_engine.core.apply import apply, fold
from gnatwork_engine.core.decide import decide, is_wanted
from gnatwork_engine.core.event import Event, RunAddress, parse_event
from gnatwork_engine.core.plan import Plan
from gnatwork_engine.core.state import RunState
from gnatwork_engine.core.view import run_summary

__all__ = [
    "Event",
    "Plan",
    "RunAddress",
    "RunState",
    "apply",
    "decide",
    "fold",
    "is_wanted",
    "parse_event",
    "run_summary",
]
