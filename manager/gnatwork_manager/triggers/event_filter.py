"""Filters of event triggers and webhooks: evaluated by executors, in their sandbox, never by a manager."""

from dataclasses import dataclass
from typing import Any

import orjson
from pydantic import ValidationError

from gnatwork_bus.connection import Connection
from gnatwork_engine.expressions import mentions_of
from gnatwork_manager.bodies import encode_bounded
from gnatwork_manager.problems import ProblemError
from gnatwork_schemas import subjects
from gnatwork_schemas.errors import UnavailableError
from gnatwork_schemas.messages import Evaluate, Evaluated
from gnatwork_schemas.triggers import EventTrigger, WebhookTrigger

#: Seconds that executors may take, also where others wait before.
_PATIENCE = 30.0


@dataclass(frozen=True, slots=True)
class EventFilter:
    """Asks executors which events count."""

    connection: Connection

    async def takes(self, trigger: EventTrigger | WebhookTrigger, event: Any, details: dict[str, Any]) -> bool:
        """Whether an event counts for a trigger.

        Raises:
            UnavailableError: no executor of the `logic` blocks answers.
            ProblemError: `trigger.filter_failed`; `request.invalid` for an event that is nested too deep for a run.
        """
        if trigger.filter is None:
            return True
        encode_bounded(event, "/event")
        values = {"event": event, "trigger": {**details, "type": trigger.type, "id": trigger.id}}
        most = self.connection.nc.max_payload
        data = _question(trigger.filter, values)
        if len(data) > most:
            data = _question(trigger.filter, mentioned(trigger.filter, values))
        if len(data) > most:
            raise ProblemError("trigger.filter_failed", "the event is too large to be handed to an executor")
        try:
            reply = await self.connection.request(subjects.LOGIC_EVALUATE, data, timeout=_PATIENCE)
        except UnavailableError as error:
            raise UnavailableError("no executor of the `logic` blocks evaluates the filter") from error
        try:
            answer = Evaluated.model_validate_json(reply.data)
        except ValidationError as error:
            raise UnavailableError("an executor gave no proper answer about the filter") from error
        if answer.error and answer.error.retryable:
            raise UnavailableError(f"the filter could not be evaluated: {answer.error.message}")
        if answer.error:
            raise ProblemError("trigger.filter_failed", f"{answer.error.code}: {answer.error.message}")
        return bool(answer.holds)


def mentioned(expression: str, values: dict[str, Any]) -> dict[str, Any]:
    """What an expression looks at, as far as it says so: the members that it names of a value that is an object."""
    found: dict[str, Any] = {}
    for name, member in mentions_of(expression, holders=values.keys()):
        value = values.get(name)
        if member is None or not isinstance(value, dict):
            found[name] = value
        elif name not in found:
            found[name] = {member: value[member]} if member in value else {}
        elif found[name] is not value and member in value:
            found[name] = {**found[name], member: value[member]}
    return {name: value for name, value in found.items() if name in values}


def _question(expression: str, values: dict[str, Any]) -> bytes:
    return orjson.dumps(Evaluate(expression=expression, values=values).model_dump())
