"""Triggers as the API shows them."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from gnatwork_engine.cron import parse_zone
from gnatwork_manager.listing import PageQuery
from gnatwork_manager.pages import decode_cursor, encode_cursor, page
from gnatwork_manager.problems import ProblemError
from gnatwork_manager.triggers.rhythms import rhythm_of
from gnatwork_manager.triggers.states import TriggerStates
from gnatwork_manager.triggers.store import FoundTrigger
from gnatwork_manager.triggers.table import Known
from gnatwork_schemas.service_trigger import ServiceTrigger
from gnatwork_schemas.triggers import AnyTrigger, ScheduleTrigger, StoredTrigger, TriggerState

#: Times that a preview has.
_PREVIEW = 10


@dataclass(frozen=True, kw_only=True, slots=True)
class TriggerViews:
    """Shows triggers with what has become of them."""

    states: TriggerStates

    async def one(self, found: FoundTrigger, *, secret: bool = True) -> dict[str, Any]:
        """A trigger; without `secret`, without the address that lets whoever knows it call a webhook."""
        state = await self.states.get(*found.known.key)
        return _document(found.known, state, time.time(), secret=secret) | {"revision": found.revision}

    async def page(self, known: Sequence[Known], query: PageQuery, *, secret: bool = True) -> dict[str, Any]:
        """A page of triggers of a namespace, in the order of workflows and ids."""
        place = decode_cursor(query.cursor, str, str)
        rest = sorted((one for one in known if place is None or one.key[1:] > place), key=lambda one: one.key)
        wanted, now = rest[: query.limit], time.time()
        states = await self.states.of([one.key for one in wanted])
        items = [_document(one, states[one.key], now, secret=secret) for one in wanted]
        return page(items, encode_cursor(*wanted[-1].key[1:]) if len(rest) > query.limit else None)


def preview(known: Known) -> dict[str, Any]:
    """When a trigger fires next, if it is switched on; ProblemError `trigger.no_times`."""
    trigger = known.trigger
    rhythm = rhythm_of(trigger)
    if rhythm is None:
        raise ProblemError("trigger.no_times", f"`{trigger.id}` is of the type `{trigger.type}`")
    zone = parse_zone(trigger.timezone) if isinstance(trigger, ScheduleTrigger) else UTC
    times = rhythm.upcoming(time.time(), _PREVIEW)
    return {"times": [{"at": at, "local": datetime.fromtimestamp(at, zone).isoformat()} for at in times]}


def _document(known: Known, state: TriggerState, now: float, *, secret: bool) -> dict[str, Any]:
    trigger, shown = known.trigger, _written(known.trigger)
    path = getattr(trigger, "path", None)
    addresses = (known.address and secret and f"/hooks/{known.address}", path and f"/hooks{path}")
    return StoredTrigger(
        workflow=known.workflow,
        trigger=shown or trigger,
        becomes=trigger if shown else None,
        source=known.source,
        enabled=trigger.enabled,
        addresses=tuple(address for address in addresses if address),
        next_at=_next(trigger, now),
        state=state,
    ).model_dump(mode="json", exclude={"trigger": {"written"}, "becomes": {"written"}})


def _written(trigger: AnyTrigger) -> ServiceTrigger | None:
    """A trigger of a type that an integration brings, as it was written; `enabled` as it was last switched."""
    if trigger.written is None:
        return None
    return ServiceTrigger.model_validate({**trigger.written, "enabled": trigger.enabled})


def _next(trigger: AnyTrigger, now: float) -> float | None:
    rhythm = rhythm_of(trigger) if trigger.enabled else None
    return next(iter(rhythm.upcoming(now, 1)), None) if rhythm else None
