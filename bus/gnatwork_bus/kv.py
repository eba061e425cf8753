"""Key-value buckets: the last value of each key, read without a consumer, written on conditions."""

from typing import NamedTuple

from gnatwork_bus.connection import Connection
from gnatwork_bus.direct import TooManyResultsError, direct_batch, direct_get, leader_get, read_all
from gnatwork_bus.expiry import expiring
from gnatwork_bus.message import StoredMessage
from gnatwork_bus.publisher import Done
from gnatwork_schemas import header_names, subjects
from gnatwork_schemas.errors import ConflictError


class Entry(NamedTuple):
    """A key and its value."""

    key: str
    value: bytes
    #: The sequence of the write in the bucket's stream.
    revision: int


class Bucket:
    """One bucket. A key that was deleted, or has expired, is as good as missing."""

    def __init__(self, connection: Connection, name: str) -> None:
        self._connection = connection
        self._prefix = subjects.bucket_subject(name, "")
        #: The stream behind it, for `follow`.
        self.stream_name = subjects.bucket_stream(name)

    def subject(self, pattern: str) -> str:
        """The subject of a key, or of a pattern of keys."""
        return f"{self._prefix}{pattern}"

    def entry(self, message: StoredMessage) -> Entry | None:
        """What a message of the bucket's stream says; None when it says that the key is gone."""
        headers = message.headers or {}
        if header_names.KV_OPERATION in headers or header_names.MARKER_REASON in headers:
            return None
        return Entry(self.key(message), message.data, message.sequence)

    def key(self, message: StoredMessage) -> str:
        """The key that a message of the bucket's stream is about."""
        return message.subject.removeprefix(self._prefix)

    async def get(self, key: str) -> Entry | None:
        """The value of a key, or None. In a cluster the value may be one that has just been replaced."""
        return (await self.find(key))[0]

    async def find(self, key: str, *, sure: bool = False) -> tuple[Entry | None, int]:
        """The value of a key, or None, and the revision to write on: its own, that of what marks it as gone, or 0.

        `sure` asks the leader, who alone knows in a cluster that nothing newer has been written.
        """
        if sure:
            message = await leader_get(self._connection, self.stream_name, self.subject(key))
        else:
            message = await self._last(key)
        return (self.entry(message), message.sequence) if message else (None, 0)

    async def put(self, key: str, value: bytes, *, ttl: float | None = None) -> int:
        """Set a key, for `ttl` seconds where the bucket allows that; its new revision."""
        return await self._connection.publisher.publish(self.subject(key), value, expiring(ttl) or None)

    async def create(self, key: str, value: bytes, *, ttl: float | None = None) -> int:
        """Set a key that is missing; its revision. `ConflictError` when it is there."""
        try:
            return await self.update(key, value, 0, ttl=ttl)
        except ConflictError:
            # What stands in the way may be the marker of a deletion.
            last = await leader_get(self._connection, self.stream_name, self.subject(key))
            if last and self.entry(last):
                raise
            return await self.update(key, value, last.sequence if last else 0, ttl=ttl)

    async def update(self, key: str, value: bytes, revision: int, *, ttl: float | None = None) -> int:
        """Set a key whose revision is still this one; its new revision. `ConflictError` when it is not."""
        headers = {**_expect(revision), **expiring(ttl)}
        return await self._connection.publisher.publish(self.subject(key), value, headers)

    def send(self, key: str, value: bytes, revision: int, done: Done, *, ttl: float | None = None) -> None:
        """As `update`, without waiting: `done` is called with the new revision or the error."""
        headers = {**_expect(revision), **expiring(ttl)}
        self._connection.publisher.send(self.subject(key), value, done, headers)

    async def delete(self, key: str, *, revision: int | None = None, ttl: float | None = None) -> int:
        """Remove a key, whether it is there or not; the revision of the marker that says so, gone after `ttl` seconds.

        With a `revision`, only if it is still this one: `ConflictError` when it is not.
        """
        headers = {header_names.KV_OPERATION: "DEL", **({} if revision is None else _expect(revision)), **expiring(ttl)}
        return await self._connection.publisher.publish(self.subject(key), b"", headers)

    async def purge(self, pattern: str, *, before: int) -> None:
        """Remove all that was last written to keys that match before this revision, without a marker."""
        request = {"filter": self.subject(pattern), "seq": before}
        await self._connection.api(f"STREAM.PURGE.{self.stream_name}", request)

    async def last_revision(self, pattern: str) -> int:
        """The revision of the last write to any key that matches, deletions included; 0 when there was none."""
        last = await leader_get(self._connection, self.stream_name, self.subject(pattern))
        return last.sequence if last else 0

    async def write_among(self, key: str, value: bytes | None, pattern: str, revision: int) -> int:
        """Set a key, or remove it for None, if `last_revision` of a pattern that matches it is still this one.

        Its new revision; `ConflictError` when any of the keys was written since.
        """
        headers = {**_expect(revision), header_names.EXPECTED_LAST_SUBJECT_SEQUENCE_SUBJECT: self.subject(pattern)}
        if value is None:
            headers[header_names.KV_OPERATION] = "DEL"
        return await self._connection.publisher.publish(self.subject(key), value or b"", headers)

    async def list(self, pattern: str = ">") -> list[Entry]:
        """All keys that match, e.g. `catalogue.*`, in the order of their last write."""
        messages = await _last_of_each(self._connection, self.stream_name, self.subject(pattern))
        found = {message.subject: self.entry(message) for message in messages}
        return sorted((entry for entry in found.values() if entry), key=lambda entry: entry.revision)

    async def _last(self, key: str) -> StoredMessage | None:
        message = await direct_get(self._connection, self.stream_name, {"last_by_subj": self.subject(key)})
        # Only the leader knows for sure that there is nothing.
        return message or await leader_get(self._connection, self.stream_name, self.subject(key))


def _expect(revision: int) -> dict[str, str]:
    return {header_names.EXPECTED_LAST_SUBJECT_SEQUENCE: str(revision)}


async def _last_of_each(connection: Connection, stream: str, pattern: str) -> list[StoredMessage]:
    """The last message of each subject; while others write, a subject may come twice, the newer one later."""
    try:
        messages, pending = await direct_batch(connection, stream, {"multi_last": [pattern]})
    except TooManyResultsError:
        pending = 1
    # The stream keeps one message per subject, so reading all of it in pages yields the same.
    return await read_all(connection, stream, pattern) if pending else messages
