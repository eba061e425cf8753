"""A recorded run: its control block, its events, and what was decided after each."""

from pathlib import Path
from typing import Any

import orjson

from gnatwork_bus.message import StoredMessage
from gnatwork_engine.core import Plan, RunState, apply, decide, parse_event, run_summary
from gnatwork_engine.core.view import task_paths, task_view
from gnatwork_schemas.control_block import ControlBlock
from gnatwork_schemas.model import Model

FOLDER = Path(__file__).parent


class RecordedEvent(Model):
    """A stored event and the actions that it called for."""

    subject: str
    sequence: int
    at: float
    #: The body as it was stored.
    data: str
    #: Each action's kind and fields.
    actions: list[Any]


class History(Model):
    """A run from its start to its end."""

    control_block: dict[str, Any]
    events: list[RecordedEvent]
    #: The run and its tasks in the end.
    summary: dict[str, Any]
    tasks: list[dict[str, Any]]


def replay(control_block: dict[str, Any], messages: list[StoredMessage]) -> History:
    """What today's code makes of these events."""
    plan = Plan(ControlBlock.model_validate(control_block), keep_all=True)
    state: RunState | None = None
    events = []
    for message in messages:
        event = parse_event(*message)
        state = apply(plan, state, event)
        actions = [_plain([type(action).__name__, *action]) for action in decide(plan, state, event)]
        events.append(
            RecordedEvent(
                subject=message.subject,
                sequence=message.sequence,
                at=message.at,
                data=message.data.decode(),
                actions=actions,
            )
        )
    assert state is not None
    return History(
        control_block=control_block,
        events=events,
        summary=_plain(run_summary(state)),
        tasks=[_plain(task_view(state, path)) for path in task_paths(state)],
    )


def _plain(value: Any) -> Any:
    """As JSON has it."""
    return orjson.loads(orjson.dumps(value, default=lambda model: model.model_dump(mode="json")))


def stored(history: History) -> list[StoredMessage]:
    """The events as the server would hand them out."""
    return [
        StoredMessage(event.subject, event.sequence, event.at, event.data.encode(), None) for event in history.events
    ]


def covers(now: Any, then: Any) -> bool:
    """Whether `now` says all that `then` did; later versions may say more."""
    if isinstance(then, dict):
        return isinstance(now, dict) and all(key in now and covers(now[key], value) for key, value in then.items())
    if isinstance(then, list):
        return isinstance(now, list) and len(now) >= len(then) and all(map(covers, now, then))
    return bool(now == then)
