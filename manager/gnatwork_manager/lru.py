"""A cache that forgets what was not used for longest."""

from collections import OrderedDict
from collections.abc import Hashable
from typing import Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")


class LruCache(Generic[Key, Value]):
    """Holds values up to a total size; each comes with its own, in bytes or whatever the owner counts in."""

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._size = 0
        self._entries: OrderedDict[Key, tuple[Value, int]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._entries)

    def get(self, key: Key) -> Value | None:
        """The value, now the most recently used; None when it is not here."""
        entry = self._entries.get(key)
        if entry is None:
            return None
        self._entries.move_to_end(key)
        return entry[0]

    def take(self, key: Key) -> Value | None:
        """The value, which is kept no longer; None when it is not here."""
        entry = self._entries.pop(key, None)
        if entry is None:
            return None
        self._size -= entry[1]
        return entry[0]

    def put(self, key: Key, value: Value, size: int) -> None:
        """Keep a value, unless it is larger than the whole cache."""
        if (old := self._entries.pop(key, None)) is not None:
            self._size -= old[1]
        if size > self._capacity:
            return
        self._entries[key] = (value, size)
        self._size += size
        while self._size > self._capacity:
            _, (_, dropped) = self._entries.popitem(last=False)
            self._size -= dropped
