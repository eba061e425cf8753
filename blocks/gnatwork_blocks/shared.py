"""What a process has one of, made when a block first asks for it."""

from collections.abc import Callable
from typing import Generic, Protocol, Self, TypeVar


class _Closable(Protocol):
    async def aclose(self) -> None:
        """Give back all that it holds."""


One = TypeVar("One", bound=_Closable)


class Shared(Generic[One]):
    """Call it for the one there is; close it when no block runs any more."""

    def __init__(self, make: Callable[[], One]) -> None:
        self._make = make
        self._made: One | None = None

    def __call__(self) -> One:
        """The same each time."""
        if self._made is None:
            self._made = self._make()
        return self._made

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close it, if it was ever made."""
        if self._made is not None:
            made, self._made = self._made, None
            await made.aclose()
