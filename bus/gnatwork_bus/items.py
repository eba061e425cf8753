"""The items of a loop, stored in pages so that each can be read without the others (see `ItemsRef`)."""

import asyncio
import hashlib
from collections import OrderedDict
from collections.abc import Sequence
from typing import Any

import orjson

from gnatwork_bus.connection import Connection
from gnatwork_bus.direct import direct_get, leader_get
from gnatwork_bus.payloads import Payloads, payload_name
from gnatwork_schemas import subjects
from gnatwork_schemas.errors import PayloadError
from gnatwork_schemas.payload import CHUNK_SIZE, ItemRef, ItemsRef, as_reference, is_reference, reference_value

#: An item with longer JSON, in bytes, is a payload of its own.
ITEM_LIMIT = 16 * 1024
#: The most items on a page.
MOST_ON_PAGE = 256
#: Bytes of pages that a reader keeps at hand.
_CACHE = 8 * 1024 * 1024
#: Pages, or payloads of single items, that are written at once.
_WINDOW = 16

_PageKey = tuple[str, str, str, int]


class Items:
    """Stores and reads the items of loops.

    Like that of a payload, the id of stored items ends with the digest of what they are, so an expansion that runs
    twice writes the same pages, or others.
    """

    def __init__(self, connection: Connection, payloads: Payloads) -> None:
        self._connection = connection
        self._payloads = payloads
        self._pages = _Pages(_CACHE)
        #: Pages that are being read: neighbours are asked for at the same moment.
        self._reading: dict[_PageKey, asyncio.Task[tuple[bytes, ...]]] = {}

    async def put(self, namespace: str, run_id: str, items: Sequence[Any], task: str) -> ItemsRef:
        """Store these items under a run for a task; safe to repeat when it fails.

        Raises:
            TypeError: an item is nested too deep to be written.
            StoreFullError: the server has no room.
            UnavailableError: NATS does not answer.
        """
        texts = await self._small(namespace, run_id, [orjson.dumps(item) for item in items], items, f"{task[:25]}-item")
        size = page_size(texts)
        pages = [b"[%b]" % b",".join(texts[first : first + size]) for first in range(0, len(texts), size)]
        digest = hashlib.sha256()
        for page in pages:
            digest.update(page)
        name = payload_name(f"{task[:25]}-items", digest.hexdigest())
        await self._put_pages(namespace, run_id, name, pages)
        return ItemsRef(id=name, count=len(texts), page_size=size)

    async def get(self, namespace: str, run_id: str, ref: ItemRef) -> Any:
        """One item; each call gives a value of its own.

        Raises:
            PayloadError: it is gone, or is not what was stored.
            UnavailableError: NATS does not answer.
        """
        page = await self._page((namespace, run_id, ref.id, ref.page))
        if ref.at >= len(page):
            raise PayloadError(f"{ref.key} of run {run_id} is not on its page")
        item = orjson.loads(page[ref.at])
        reference = as_reference(item)
        return item if reference is None else orjson.loads(await self._payloads.get(namespace, run_id, reference))

    async def copy(self, namespace: str, source: str, target: str, ref: ItemsRef) -> None:
        """Store the items of one run under another as well, for the same reference.

        Raises:
            PayloadError: they are gone.
            StoreFullError: the server has no room.
            UnavailableError: NATS does not answer.
        """
        for number in range(-(-ref.count // ref.page_size)):
            page = await self._page((namespace, source, ref.id, number))
            for text in page:
                if reference := as_reference(orjson.loads(text)):
                    await self._payloads.copy(namespace, source, target, reference)
            await self._put_pages(namespace, target, ref.id, [b"[%b]" % b",".join(page)], first=number)

    async def _small(
        self, namespace: str, run_id: str, texts: list[bytes], items: Sequence[Any], label: str
    ) -> list[bytes]:
        """The JSON of the items as pages hold it: of those that are large, or look like one, the reference."""
        apart = [
            at
            for at, text in enumerate(texts)
            if len(text) > ITEM_LIMIT or (text[:1] == b"{" and is_reference(items[at]))
        ]
        for first in range(0, len(apart), _WINDOW):
            some = apart[first : first + _WINDOW]
            stored = await asyncio.gather(*(self._payloads.put(namespace, run_id, texts[at], label) for at in some))
            for at, reference in zip(some, stored, strict=True):
                texts[at] = orjson.dumps(reference_value(reference))
        return texts

    async def _put_pages(self, namespace: str, run_id: str, name: str, pages: Sequence[bytes], first: int = 0) -> None:
        publish = self._connection.publisher.publish
        for start in range(0, len(pages), _WINDOW):
            await asyncio.gather(
                *(
                    publish(subjects.payload_chunk(namespace, run_id, name, first + start + at), page)
                    for at, page in enumerate(pages[start : start + _WINDOW])
                )
            )

    async def _page(self, key: _PageKey) -> tuple[bytes, ...]:
        """The JSON of each item on a page."""
        if page := self._pages.get(key):
            return page
        reading = self._reading.get(key)
        if reading is None:
            reading = self._reading[key] = asyncio.create_task(self._read(key))
            reading.add_done_callback(lambda reading: self._has_read(key, reading))
        # Who waits may be stopped, and others wait as well.
        return await asyncio.shield(reading)

    def _has_read(self, key: _PageKey, reading: asyncio.Task[tuple[bytes, ...]]) -> None:
        del self._reading[key]
        if not reading.cancelled() and reading.exception() is None:
            self._pages.put(key, reading.result())

    async def _read(self, key: _PageKey) -> tuple[bytes, ...]:
        subject = subjects.payload_chunk(*key)
        found = await direct_get(self._connection, subjects.PAYLOADS, {"last_by_subj": subject})
        # In a cluster the direct read may come from a replica that is behind.
        message = found or await leader_get(self._connection, subjects.PAYLOADS, subject)
        if message is None:
            raise PayloadError(subject)
        try:
            return tuple(map(orjson.dumps, orjson.loads(message.data)))
        except (orjson.JSONDecodeError, TypeError):
            raise PayloadError(f"{subject} holds no items") from None


def page_size(texts: Sequence[bytes]) -> int:
    """How many of these items fit on a page, whichever: a power of two, at most `MOST_ON_PAGE`."""
    # Each with a comma or the closing bracket; the opening one is added below.
    sizes = [len(text) + 1 for text in texts]
    count = 1
    while count < MOST_ON_PAGE:
        sizes = [sum(sizes[at : at + 2]) for at in range(0, len(sizes), 2)]
        if max(sizes, default=0) + 1 > CHUNK_SIZE:
            break
        count *= 2
    return count


class _Pages:
    """Pages at hand, those that were not used for the longest time given up first."""

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._size = 0
        self._pages: OrderedDict[_PageKey, tuple[bytes, ...]] = OrderedDict()

    def get(self, key: _PageKey) -> tuple[bytes, ...] | None:
        page = self._pages.get(key)
        if page is not None:
            self._pages.move_to_end(key)
        return page

    def put(self, key: _PageKey, page: tuple[bytes, ...]) -> None:
        self._pages[key] = page
        self._size += _weight(page)
        while self._size > self._capacity:
            self._size -= _weight(self._pages.popitem(last=False)[1])


def _weight(page: tuple[bytes, ...]) -> int:
    """Bytes that a page takes, about."""
    return sum(map(len, page)) + 50 * len(page)
