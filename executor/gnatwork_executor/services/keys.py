"""Keys of blocks, in one bucket for all namespaces."""

from dataclasses import dataclass
from typing import Any

import orjson
from pydantic import ValidationError

from gnatwork_blocks.errors import BlockError
from gnatwork_blocks.services.keys import Entry, changed, checked_value
from gnatwork_bus import kv
from gnatwork_bus.kv import Bucket
from gnatwork_bus.patience import until_available
from gnatwork_schemas.errors import ConflictError
from gnatwork_schemas.model import VERSION, Model
from gnatwork_schemas.subjects import kept_key

#: Seconds that it shows that a key has been removed.
_MARKER_TTL = 600.0


class Kept(Model):
    """What is stored under a key."""

    v: int
    key: str
    value: Any
    #: The task that has written it, by its idempotency key.
    by: str


@dataclass(frozen=True, slots=True)
class BusKeys:
    """See `gnatwork_blocks.services.keys.Keys`.

    In a cluster the leader is asked: what is read decides what is written.
    """

    bucket: Bucket
    namespace: str
    #: Idempotency key of the task.
    task: str

    async def get(self, bucket: str, key: str) -> Entry | None:
        """See `Keys`."""
        name = kept_key(self.namespace, bucket, key)
        found, _ = await until_available(lambda: self.bucket.find(name, sure=True))
        return Entry(_kept(found).value, found.revision) if found else None

    async def put(
        self, bucket: str, key: str, value: Any, *, ttl: float | None = None, revision: int | None = None
    ) -> int:
        """See `Keys`."""
        name = kept_key(self.namespace, bucket, key)
        checked_value(orjson.dumps(value))
        data = orjson.dumps({"v": VERSION, "key": key, "value": value, "by": self.task})
        if revision is None:
            return await until_available(lambda: self.bucket.put(name, data, ttl=ttl))
        try:
            if revision == 0:
                return await until_available(lambda: self.bucket.create(name, data, ttl=ttl))
            return await until_available(lambda: self.bucket.update(name, data, revision, ttl=ttl))
        except ConflictError:
            found, _ = await until_available(lambda: self.bucket.find(name, sure=True))
            if found and found.value == data and found.revision > revision:
                # This task's own write, of which nobody came to know.
                return found.revision
            raise changed(bucket, key, found.revision if found else 0) from None

    async def delete(self, bucket: str, key: str, *, revision: int | None = None) -> None:
        """See `Keys`."""
        name = kept_key(self.namespace, bucket, key)
        try:
            await until_available(lambda: self.bucket.delete(name, revision=revision, ttl=_MARKER_TTL))
        except ConflictError:
            found, _ = await until_available(lambda: self.bucket.find(name, sure=True))
            if found:
                raise changed(bucket, key, found.revision) from None


def _kept(found: kv.Entry) -> Kept:
    try:
        return Kept.model_validate_json(found.value)
    except ValidationError as error:
        raise BlockError("kv.not_ours", "What is stored under this key was not written by a block.") from error
