"""Finds the block of a task, be it of the definition or a step that a program asked for."""

from gnatwork_engine.core.plan import Plan, PlannedBlock
from gnatwork_engine.core.state import RunState


def planned_at(plan: Plan, state: RunState, path: str) -> PlannedBlock | None:
    """The block of the task at a path; None when there is none, or it is a step of long ago."""
    if found := plan.find(path):
        return found
    if place := state.find(path):
        return place[0].body.planned(place[1])
    return state.answerable.get(path)
