"""Lists that come page by page."""

from typing import Any
from urllib.parse import parse_qs, urlsplit

import orjson
import pytest
from support.site import Reply, Request, Site

from gnatwork_blocks import json_pages
from gnatwork_blocks.errors import BlockError
from gnatwork_blocks.json_api import ApiAnswer, JsonApi
from gnatwork_blocks.json_pages import Next, Pages, by_cursor, by_link, read_pages
from gnatwork_blocks.sdk import BlockContext


def api(site: Site, ctx: BlockContext) -> JsonApi:
    return JsonApi(ctx=ctx, service="Shop", base_url=site.url)


def asked(request: Request) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(request.target).query).items()}


def by_pages(site: Site, pages: int) -> None:
    """Two items a page, the next one named in a header."""

    def reply(request: Request) -> Reply:
        number = int(asked(request).get("page", 1))
        links = f'<{site.url}/items?page=1>; rel="first"'
        if number < pages:
            links = f'<{site.url}/items?kind=a,b&page={number + 1}>; title="x, y"; rel="next", {links}'
        return Reply(headers=(("link", links),), body=orjson.dumps([2 * number - 1, 2 * number]))

    site.on("/items", reply)


async def linked(site: Site, ctx: BlockContext, most: int) -> Pages:
    return await read_pages(
        api(site, ctx), "items", items=lambda answer: answer.json, following=by_link, max_items=most, query={"q": "z"}
    )


async def test_links_are_followed_to_their_end(site: Site, ctx: BlockContext) -> None:
    by_pages(site, 3)
    assert await linked(site, ctx, 100) == Pages([1, 2, 3, 4, 5, 6], more=False)
    assert [request.target for request in site.requests] == [
        "/items?q=z",
        "/items?kind=a,b&page=2",
        "/items?kind=a,b&page=3",
    ]


@pytest.mark.parametrize(("most", "more", "requests"), [(4, True, 2), (3, True, 2), (6, False, 3), (5, True, 3)])
async def test_no_more_is_read_than_wanted(site: Site, ctx: BlockContext, most: int, more: bool, requests: int) -> None:
    by_pages(site, 3)
    found = await linked(site, ctx, most)
    assert (len(found.items), found.more, len(site.requests)) == (most, more, requests)


async def test_cursors_are_added_to_the_query(site: Site, ctx: BlockContext) -> None:
    def reply(request: Request) -> Reply:
        following = {"": "b", "b": "c="}.get(asked(request).get("cursor", ""), "")
        return Reply(body=orjson.dumps({"items": [asked(request)], "meta": {"next": following}}))

    site.on("/items", reply)
    found = await read_pages(
        api(site, ctx),
        "items",
        items=lambda answer: answer.json["items"],
        following=by_cursor("cursor", "meta", "next"),
        max_items=10,
        query={"limit": 1},
    )
    assert found.items == [{"limit": "1"}, {"limit": "1", "cursor": "b"}, {"limit": "1", "cursor": "c="}]


@pytest.mark.parametrize(
    "json", [{}, {"meta": None}, {"meta": {}}, {"meta": {"next": ""}}, {"meta": {"next": None}}, []]
)
def test_no_cursor_is_the_end(json: Any) -> None:
    answer = ApiAnswer(status=200, url="", headers={}, json=json, size=0)
    assert by_cursor("cursor", "meta", "next")(answer) is None


@pytest.mark.parametrize(
    ("header", "url"),
    [
        ('<https://a.example/?p=2>; rel="next"', "https://a.example/?p=2"),
        ("<https://a.example/?p=2>;rel=next", "https://a.example/?p=2"),
        ('<x>; rel="prev", <y>; title="a"; rel="last next"', "y"),
        ('<x>; rel="prev"', None),
        ("<x>", None),
        ("nonsense; rel=next", None),
        ("<" * 5000 + 'x>; rel="next"', "x"),
    ],
)
def test_links(header: str, url: str | None) -> None:
    answer = ApiAnswer(status=200, url="", headers={"link": header}, json=[], size=0)
    assert by_link(answer) == (url and Next(url=url))


async def test_a_list_without_an_end_is_an_error(
    site: Site, ctx: BlockContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(json_pages, "MAX_PAGES", 3)
    by_pages(site, 50)
    with pytest.raises(BlockError, match="more than 3 pages"):
        await linked(site, ctx, 100)


async def test_pages_have_a_bound_together(site: Site, ctx: BlockContext, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_pages, "MAX_BYTES", 9)
    by_pages(site, 50)
    with pytest.raises(BlockError) as error:
        await linked(site, ctx, 100)
    assert error.value.code == "http.too_large"


async def test_a_page_without_items_is_unexpected(site: Site, ctx: BlockContext) -> None:
    site.on("/items", Reply(body=b'{"ok": true}'))
    with pytest.raises(BlockError) as error:
        await linked(site, ctx, 100)
    assert error.value.code == "service.unexpected"


async def test_a_link_to_elsewhere_is_not_followed(site: Site, ctx: BlockContext) -> None:
    site.on("/items", Reply(headers=(("link", '<https://evil.example/>; rel="next"'),), body=b"[1]"))
    with pytest.raises(BlockError, match="not its own"):
        await linked(site, ctx, 100)
