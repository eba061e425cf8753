"""Lists that a JSON API gives out page by page, read to their end or to a bound."""

import re
from collections.abc import Callable
from typing import Any, NamedTuple

from gnatwork_blocks.api_bodies import Fields
from gnatwork_blocks.errors import BlockError
from gnatwork_blocks.json_api import ApiAnswer, JsonApi

#: Pages that one task reads.
MAX_PAGES = 100
#: Bytes of all pages together.
MAX_BYTES = 50_000_000
#: One link of a `Link` header (RFC 8288), and the relation among its parameters.
_LINK = re.compile(r'<([^<>]*)>((?:\s*;\s*[\w!#$&+.^`|~-]+\s*=\s*(?:"[^"]*"|[^\s;,"]*))*)')
_REL = re.compile(r';\s*rel\s*=\s*(?:"([^"]*)"|([^\s;,"]*))', re.IGNORECASE)


class Next(NamedTuple):
    """Where the next page is."""

    #: A whole URL, which has its own query; None is the path of the first page.
    url: str | None = None
    #: What takes the place of the same names in the query, or is added to it.
    query: Fields | None = None


class Pages(NamedTuple):
    """What was read."""

    items: list[Any]
    #: Whether there is more than was wanted.
    more: bool


async def read_pages(
    api: JsonApi,
    path: str,
    *,
    items: Callable[[ApiAnswer], Any],
    following: Callable[[ApiAnswer], Next | None],
    max_items: int,
    query: Fields | None = None,
) -> Pages:
    """Read pages until there is no next one, or as many items as are wanted.

    Args:
        api: The service.
        path: Of the first page.
        items: The items of a page. Of a service that says no with a status of 200, it raises.
        following: Where the next page is: `by_link`, or `by_cursor(…)`.
        max_items: How many items are wanted.
        query: Of each request.

    Raises:
        BlockError: As `JsonApi.call`; `service.unexpected` for a page that has no items, and for more than
            `MAX_PAGES`; `http.too_large` for more than `MAX_BYTES`.
    """
    found: list[Any] = []
    size, wanted = 0, dict(query or {})
    for _ in range(MAX_PAGES):
        answer = await api.call("GET", path, query=wanted)
        page = items(answer)
        if not isinstance(page, list):
            raise api.unexpected("a page that has no list of items")
        found += page
        size += answer.size
        next_ = following(answer)
        if next_ is None or len(found) >= max_items:
            return Pages(found[:max_items], next_ is not None or len(found) > max_items)
        if size > MAX_BYTES:
            raise BlockError("http.too_large", f"The pages of {api.service} have more than {MAX_BYTES} bytes in all.")
        path, wanted = (next_.url, {}) if next_.url else (path, {**wanted, **(next_.query or {})})
    message = f"{api.service} has more than {MAX_PAGES} pages; ask for fewer items, or narrow the list down."
    raise BlockError("service.unexpected", message)


def by_link(answer: ApiAnswer) -> Next | None:
    """The next page that a `Link` header names."""
    for link in _LINK.finditer(answer.headers.get("link", "")):
        relation = _REL.search(link[2])
        if relation and "next" in (relation[1] or relation[2] or "").lower().split():
            return Next(url=link[1])
    return None


def by_cursor(parameter: str, *place: str) -> Callable[[ApiAnswer], Next | None]:
    """The next page by what stands at a place of the JSON, a cursor or page token, sent as a parameter of the query."""

    def following(answer: ApiAnswer) -> Next | None:
        value = answer.json
        for step in place:
            value = value.get(step) if isinstance(value, dict) else None
        return Next(query={parameter: value}) if isinstance(value, str | int) and value != "" else None

    return following
