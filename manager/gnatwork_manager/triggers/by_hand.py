"""Firing a trigger by hand, to see what it does."""

from typing import Any

from gnatwork_manager.bodies import encode_bounded
from gnatwork_manager.problems import invalid
from gnatwork_manager.submission import check_fields
from gnatwork_manager.triggers.calls import MAX_DETAILS
from gnatwork_manager.triggers.triggers import Triggers


async def fire_by_hand(triggers: Triggers, namespace: str, workflow: str, id_: str, body: Any) -> str:
    """Begin the run of an event that `body` makes up, `{event?, trigger?}`; its id.

    Raises ProblemError `workflow.not_found`, `trigger.not_found`, and as `Firing.fire`.
    """
    if not isinstance(body, dict):
        raise invalid("", "the body must be empty or an object")
    check_fields(body, ("event", "trigger"))
    details = body.get("trigger", {})
    if not isinstance(details, dict):
        raise invalid("/trigger", "what templates are to find under `trigger` is an object")
    if len(encode_bounded(details, "/trigger")) > MAX_DETAILS:
        raise invalid("/trigger", f"it has more than {MAX_DETAILS} bytes")
    known = (await triggers.store.get(namespace, workflow, id_)).known
    return (await triggers.firing.fire(known, body.get("event"), details, occurrence=None)).run_id
