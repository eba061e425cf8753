"""Makes known what the integrations of this process bring beside blocks: types of triggers and of connections."""

import logging
from collections.abc import Iterable

from pydantic import ValidationError

from gnatwork_blocks.integration import Integration
from gnatwork_bus.kv import Bucket
from gnatwork_schemas.connections import VALUES
from gnatwork_schemas.errors import ConflictError
from gnatwork_schemas.integration import ConnectionKind, TriggerType
from gnatwork_schemas.service_trigger import TRIGGER_TYPES
from gnatwork_schemas.subjects import integration_key

log = logging.getLogger(__name__)

_Brought = TriggerType | ConnectionKind
#: Bytes of what may be said of one: it travels in a message.
_MOST = 256 * 1024


async def announce(bucket: Bucket, integrations: Iterable[Integration]) -> None:
    """Make sure that managers know what these integrations bring; `bucket` is the one of the state.

    Who announces a type first has it: that of another integration is left out, and the log says so.
    """
    for integration in integrations:
        brings: tuple[_Brought, ...] = (*integration.triggers, *integration.connections)
        for one in brings:
            what, own = ("trigger", TRIGGER_TYPES) if isinstance(one, TriggerType) else ("connection", tuple(VALUES))
            brought = one.model_copy(update={"integration": integration.name})
            if wrong := _unfit(brought):
                log.warning("the %s type %s of %s is left out: %s", what, one.type, integration.name, wrong)
                continue
            owner = "the engine itself" if one.type in own else await _announced(bucket, what, brought)
            if owner is not None:
                log.warning("the %s type %s of %s is left out: %s has one", what, one.type, integration.name, owner)


def _unfit(brought: _Brought) -> str:
    """Why one can't be announced; nothing where it can."""
    try:
        size = len(brought.model_dump_json())
    except ValueError as error:
        return f"it is no JSON: {error}"
    return f"it has {size:,} bytes, at most {_MOST:,} do" if size > _MOST else ""


async def _announced(bucket: Bucket, what: str, brought: _Brought) -> str | None:
    """Announce one; the name of another integration that has a type of this name."""
    key, value = integration_key(what, brought.type), brought.model_dump_json().encode()
    while True:
        entry, revision = await bucket.find(key, sure=True)
        if entry is not None:
            if entry.value == value:
                return None
            if (owner := _owner(type(brought), entry.value)) not in {"", brought.integration}:
                return owner
        try:
            await bucket.update(key, value, revision)
        except ConflictError:
            continue  # another executor was quicker: see what it has written
        log.info("the %s type %s of %s is known", what, brought.type, brought.integration)
        return None


def _owner(model: type[_Brought], value: bytes) -> str:
    """The integration that has announced this; nothing for what can't be read, which may be replaced."""
    try:
        return model.model_validate_json(value).integration
    except ValidationError:
        return ""
