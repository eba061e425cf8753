"""Values under several names each."""

from collections.abc import Iterable
from typing import Generic, TypeVar

Key = TypeVar("Key")
Value = TypeVar("Value")


class Lookup(Generic[Key, Value]):
    """Finds values by their names; several may share one, and keep the order in which they came."""

    def __init__(self) -> None:
        self._named: dict[str, dict[Key, Value]] = {}

    def add(self, key: Key, names: Iterable[str], value: Value) -> None:
        """Put a value under these names; `key` tells it from others."""
        for name in names:
            self._named.setdefault(name, {})[key] = value

    def remove(self, key: Key, names: Iterable[str]) -> None:
        """Take what has this key away from these names."""
        for name in names:
            values = self._named.get(name, {})
            values.pop(key, None)
            if not values:
                self._named.pop(name, None)

    def under(self, name: str) -> list[Value]:
        """All values of a name."""
        return list(self._named.get(name, {}).values())
