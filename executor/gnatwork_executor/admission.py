"""Whether an item may be run at all, where that is in doubt."""

from typing import Any
from uuid import uuid4

import orjson
from pydantic import ValidationError

from gnatwork_blocks.block import Block
from gnatwork_bus.delivery import Delivery
from gnatwork_bus.history import History
from gnatwork_bus.kv import Bucket
from gnatwork_bus.message import StoredMessage
from gnatwork_bus.patience import until_available
from gnatwork_executor.item import history_base_of
from gnatwork_schemas.catalogue import BlockType, version_order
from gnatwork_schemas.errors import ConflictError
from gnatwork_schemas.messages import Claimed, Work
from gnatwork_schemas.subjects import catalogue_key, claimed_event, outcome_events

#: Seconds between the decision and the storing of an item, past which the decision may be outdated.
LATE = 2.0


def is_suspicious(delivery: Delivery, work: Work) -> bool:
    """Whether the attempt may have an outcome already."""
    return delivery.delivered > 1 or work.again or delivery.at - work.decided_at > LATE


async def is_leftover(history: History, work: Work) -> bool:
    """Whether this attempt, or a later one, has an outcome, or its run is over: then nobody waits for it."""
    base = history_base_of(work)
    last = await until_available(lambda: history.last(outcome_events(base, work.task)))
    attempt = _field(last, "attempt")
    if isinstance(attempt, int) and attempt >= work.attempt:
        return True
    return await until_available(lambda: history.is_over(base))


async def claim(history: History, work: Work, executor: str) -> bool:
    """Take an attempt that must never run twice; False when someone took it before, or its run is over."""
    base, event = history_base_of(work), claimed_event(work.task, work.attempt)
    subject = f"{base}.{event}"
    token = uuid4().hex
    body = Claimed(executor=executor, token=token).model_dump_json().encode()
    try:
        await until_available(lambda: history.append(base, event, body, expect=(subject, 0)))
    except ConflictError:
        # Ours, if the acknowledgement of an earlier try was lost.
        last = await until_available(lambda: history.last(subject))
        if _field(last, "token") != token:
            return False
    # Claims go with the history of their run. Whoever was frozen until then finds none, and the work long done.
    return not await until_available(lambda: history.is_over(base))


async def is_outdated(state: Bucket, block: type[Block]) -> bool:
    """Whether the catalogue, by which definitions are checked, has a newer version of the block than this process."""
    entry = await until_available(lambda: state.get(catalogue_key(block.type)))
    try:
        known = BlockType.model_validate_json(entry.value) if entry else None
    except ValidationError:
        return False
    return known is not None and version_order(known.version) > version_order(block.version)


def _field(message: StoredMessage | None, name: str) -> Any:
    """A field of an event; None when there is no event or it can't be read, which is for its reader to report."""
    try:
        body = orjson.loads(message.data) if message else None
    except orjson.JSONDecodeError:
        return None
    return body.get(name) if isinstance(body, dict) else None
