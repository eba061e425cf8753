"""Limit keys: who has a slot, and who waits for one. Each is a small history of its own, folded like that of a run.

Slots can neither leak nor be given twice: to ask again changes nothing, and whoever is given a slot that he does not
want gives it back.
"""

from gnatwork_engine.limits.apply import apply_limit
from gnatwork_engine.limits.decide import decide_limit
from gnatwork_engine.limits.state import LimitState

__all__ = ["LimitState", "apply_limit", "decide_limit"]
