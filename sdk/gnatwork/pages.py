"""Lists come in pages."""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")


@dataclass(frozen=True)
class Page(Generic[T]):
    """A part of a list."""

    items: list[T]
    #: What to ask the next page with; None when this is the last.
    next_cursor: str | None


async def all_pages(page: Callable[[str | None], Awaitable[Page[T]]]) -> AsyncIterator[T]:
    """The items of all pages; each page is asked for when its first item is."""
    cursor: str | None = None
    while True:
        part = await page(cursor)
        for item in part.items:
            yield item
        if (cursor := part.next_cursor) is None:
            return
