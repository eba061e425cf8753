"""The definitions of versions: each number of a workflow stands for one definition, for ever.

A definition is written under its number before the document of the workflow lists it, so that whatever dies in between
leaves a number that nobody uses. What is not listed belongs to the one request that has written it.
"""

import contextlib
from dataclasses import dataclass
from typing import NamedTuple

from gnatwork_bus.kv import Bucket
from gnatwork_manager.versions.documents import Found
from gnatwork_schemas import subjects
from gnatwork_schemas.errors import ConflictError

#: Seconds for which it shows that a definition is gone.
_MARKER_TTL = 86_400.0


class Reserved(NamedTuple):
    """A number that stands for a definition."""

    number: int
    revision: int


@dataclass(frozen=True, kw_only=True, slots=True)
class VersionNumbers:
    """The definitions of all versions, as they were sent."""

    state: Bucket

    async def read(self, namespace: str, name: str, number: int) -> bytes | None:
        """The definition of a version; None when there is none."""
        entry = await self.state.get(subjects.definition_key(namespace, name, number))
        return entry.value if entry else None

    async def reserve(self, namespace: str, found: Found, data: bytes, earlier: Reserved | None) -> Reserved:
        """The next number that is free for this definition; one that was reserved earlier is kept or given back."""
        name = found.workflow.name
        if earlier and earlier.number <= found.newest:
            await self.give_back(namespace, name, earlier)
        elif earlier:
            # Written anew even so: whoever removed the workflow meanwhile removes what is older than that.
            with contextlib.suppress(ConflictError):
                return await self._write(namespace, name, earlier, data)
        number = found.newest + 1
        while True:
            entry, revision = await self.state.find(subjects.definition_key(namespace, name, number), sure=True)
            if entry is None:
                with contextlib.suppress(ConflictError):
                    return await self._write(namespace, name, Reserved(number, revision), data)
            number += 1

    async def give_back(self, namespace: str, name: str, reserved: Reserved) -> None:
        """Remove what was reserved and is not to be listed."""
        key = subjects.definition_key(namespace, name, reserved.number)
        with contextlib.suppress(ConflictError):
            await self.state.delete(key, revision=reserved.revision, ttl=_MARKER_TTL)

    async def purge(self, namespace: str, name: str, before: int) -> None:
        """Remove all that were written before a revision, listed or not."""
        await self.state.purge(subjects.definition_key(namespace, name, "*"), before=before)

    async def _write(self, namespace: str, name: str, reserved: Reserved, data: bytes) -> Reserved:
        key = subjects.definition_key(namespace, name, reserved.number)
        return Reserved(reserved.number, await self.state.update(key, data, reserved.revision))
