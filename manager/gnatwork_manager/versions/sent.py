"""Definitions as they are sent and stored: named, bounded, and compared with one another."""

import asyncio
from collections.abc import Callable
from typing import Any, NamedTuple, TypeVar

import orjson

from gnatwork_engine.compiler import workflow_name
from gnatwork_manager.bodies import encode_bounded
from gnatwork_manager.problems import invalid
from gnatwork_manager.versions.diff import Difference, difference
from gnatwork_manager.versions.documents import check_name
from gnatwork_schemas.errors import DefinitionError
from gnatwork_schemas.problem import Fault

#: Bytes of a stored definition: it is one message, and NATS takes 1 MiB.
_MAX_DEFINITION = 900 * 1024
#: Comparing definitions larger than this leaves the event loop, bytes.
_LARGE = 32 * 1024

Result = TypeVar("Result")


class Sent(NamedTuple):
    """A definition under the name that it is to be stored by."""

    name: str
    definition: dict[str, Any]
    json: bytes


def read_sent(definition: Any, name: str | None = None) -> Sent:
    """What was sent, to be stored as `name`, or as the definition says; ProblemError, DefinitionError."""
    if not isinstance(definition, dict):
        raise invalid("", "the body must be a definition, an object with `blocks` or `steps`")
    if name is not None:
        check_name(name)
    given = definition.get("name", name)
    if not isinstance(given, str):
        raise invalid("/name", "the definition has no `name` to store it by")
    given = workflow_name(given)
    if name is not None and given != name:
        raise invalid("/name", f"the definition is named {given!r} and the address says `{name}`; they must agree")
    named = definition if "name" in definition else {"name": given, **definition}
    data = encode_bounded(named, "")
    if len(data) > _MAX_DEFINITION:
        message = f"the definition has {len(data) // 1024} KiB, at most {_MAX_DEFINITION // 1024} are stored"
        raise DefinitionError((Fault(pointer="", code="definition.too_large", message=message),))
    return Sent(given, named, data)


async def compare(old: bytes, new: bytes, shown: Callable[[Difference], Result]) -> Result:
    """How two definitions differ, as `shown` has it."""

    def compared() -> Result:
        return shown(difference(orjson.loads(old), orjson.loads(new)))

    if old == new:
        return shown(Difference((), (), ()))
    return await asyncio.to_thread(compared) if len(old) + len(new) > _LARGE else compared()
