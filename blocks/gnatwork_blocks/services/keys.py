"""Values that outlive a run, each under a key of a bucket."""

from typing import Annotated, Any, NamedTuple, Protocol

from pydantic import StringConstraints

from gnatwork_blocks.errors import BlockError
from gnatwork_schemas.names import NAME_PATTERN

#: Bytes of the largest value, as JSON.
MAX_VALUE = 512 * 1024

#: A bucket: what belongs together, within a namespace.
BucketName = Annotated[str, StringConstraints(pattern=NAME_PATTERN)]
#: Any text.
KeyName = Annotated[str, StringConstraints(min_length=1, max_length=255)]


class Entry(NamedTuple):
    """What is stored under a key."""

    value: Any
    #: The number of the write, higher with each.
    revision: int


class Keys(Protocol):
    """The keys of a namespace. Waits while NATS does not answer, as long as the attempt may take."""

    async def get(self, bucket: str, key: str) -> Entry | None:
        """What is stored, or None."""

    async def put(
        self, bucket: str, key: str, value: Any, *, ttl: float | None = None, revision: int | None = None
    ) -> int:
        """Store JSON, for `ttl` seconds, if the last write is still `revision` (0: there is none); the new revision.

        A write that the same task has made before, in an attempt that no one knows the end of, is not made again.

        Raises:
            BlockError: `kv.changed`, `kv.too_large`.
        """

    async def delete(self, bucket: str, key: str, *, revision: int | None = None) -> None:
        """Remove a key, if the last write is still `revision`; one that is not there is as good as removed.

        Raises:
            BlockError: `kv.changed`.
        """


def changed(bucket: str, key: str, last: int) -> BlockError:
    """Someone else has written; `last` is their revision, 0 when the key is gone."""
    now = f"its revision is {last}" if last else "it is gone"
    return BlockError(
        "kv.changed", f"The key {key!r} of {bucket!r} has changed: {now}.", details={"revision": last or None}
    )


def checked_value(data: bytes) -> bytes:
    """A value as JSON that can be stored; BlockError `kv.too_large`."""
    if len(data) > MAX_VALUE:
        raise BlockError("kv.too_large", f"The value has {len(data):,} bytes of JSON, at most {MAX_VALUE:,} are kept.")
    return data
