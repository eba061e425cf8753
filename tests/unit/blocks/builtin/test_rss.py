"""`rss`: feeds of all kinds, and what only looks like one."""

import json
import time
from typing import Any

import pytest
from support.site import Reply, Request, Site

from gnatwork_blocks.builtin.rss import Rss
from gnatwork_blocks.errors import BlockError
from gnatwork_blocks.sdk import BlockContext
from gnatwork_blocks.testing import run_block

RSS = """<?xml version="1.0" encoding="iso-8859-1"?>
<rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/" xmlns:dc="http://purl.org/dc/elements/1.1/">
<channel><title>Gazette</title><link>https://gazette.example/</link><description>Daily</description>
<language>en</language><lastBuildDate>Thu, 19 Nov 2026 08:00:00 GMT</lastBuildDate>
<item><title>S\u00fcppe &amp; bread</title><link>/soup</link><guid isPermaLink="false">soup-1</guid>
<pubDate>Thu, 19 Nov 2026 10:00:00 +0200</pubDate><description>Hot</description>
<content:encoded><![CDATA[<p onclick="evil()">Hot<script>evil()</script></p>]]></content:encoded>
<dc:creator>Ada</dc:creator><category>food</category><category>news</category>
<enclosure url="https://gazette.example/a.mp3" length="12" type="audio/mpeg"/></item>
<item><title>Old</title><link>https://gazette.example/old</link><pubDate>Wed, 01 Jan 2020 00:00:00 GMT</pubDate></item>
<item><title>Undated</title></item>
</channel></rss>"""

ATOM = """<?xml version="1.0" encoding="utf-8"?>
<feed xmlns="http://www.w3.org/2005/Atom"><title>Blog</title><updated>2026-11-19T08:00:00Z</updated>
<link href="https://blog.example/"/><id>urn:blog</id>
<entry><title type="html">A &lt;b&gt;bold&lt;/b&gt; one</title><id>urn:1</id><link href="https://blog.example/1"/>
<published>2026-11-18T08:00:00+01:00</published><updated>2026-11-19T08:00:00.5Z</updated>
<author><name>Bob</name></author><summary>Short</summary><content type="text">Long</content></entry></feed>"""

JSON_FEED = json.dumps({
    "version": "https://jsonfeed.org/version/1.1",
    "title": "Notes",
    "home_page_url": "https://notes.example/",
    "items": [
        {
            "id": 7,
            "url": "https://notes.example/7",
            "title": "Seven",
            "content_html": "<p>Seven</p>",
            "date_published": "2026-11-19T08:00:00+01:00",
            "authors": [{"name": "Eve"}],
            "tags": ["n", 1],
            "attachments": [{"url": "https://notes.example/7.pdf", "mime_type": "application/pdf", "size_in_bytes": 9}],
        },
        "nonsense",
    ],
})  # fmt: skip


async def read(body: str, ctx: BlockContext, **changes: Any) -> dict[str, Any]:
    output: dict[str, Any] = await run_block(Rss, {"body": body, **changes}, ctx)
    return output


async def refusal(ctx: BlockContext, **config: Any) -> BlockError:
    with pytest.raises(BlockError) as caught:
        await run_block(Rss, config, ctx)
    return caught.value


async def test_rss_is_read(ctx: BlockContext, site: Site) -> None:
    content = RSS.encode("iso-8859-1")
    url = site.on("/feed.xml", Reply(body=content, headers=(("content-type", "text/xml"), ("etag", '"v1"'))))
    output = await run_block(Rss, {"url": url, "limit": 1}, ctx)
    assert output == {
        "modified": True,
        "feed": {
            "title": "Gazette",
            "link": "https://gazette.example/",
            "description": "Daily",
            "language": "en",
            "updated": "2026-11-19T08:00:00+00:00",
        },
        "entries": [
            {
                "id": "soup-1",
                "title": "S\u00fcppe & bread",
                "link": f"{site.url}/soup",
                "published": "2026-11-19T08:00:00+00:00",
                "updated": None,
                "summary": "Hot",
                "content": "<p>Hot</p>",
                "author": "Ada",
                "categories": ["food", "news"],
                "enclosures": [{"url": "https://gazette.example/a.mp3", "type": "audio/mpeg", "length": 12}],
            }
        ],
        "etag": '"v1"',
        "last_modified": None,
    }


async def test_atom_is_read(ctx: BlockContext) -> None:
    output = await read(ATOM, ctx)
    assert output["feed"]["title"] == "Blog"
    (entry,) = output["entries"]
    assert entry == {
        "id": "urn:1",
        "title": "A <b>bold</b> one",
        "link": "https://blog.example/1",
        "published": "2026-11-18T07:00:00+00:00",
        "updated": "2026-11-19T08:00:00+00:00",
        "summary": "Short",
        "content": "Long",
        "author": "Bob",
        "categories": [],
        "enclosures": [],
    }


async def test_json_feed_is_read(ctx: BlockContext) -> None:
    output = await read(JSON_FEED, ctx)
    assert output["feed"]["link"] == "https://notes.example/"
    (entry,) = output["entries"]
    assert entry == {
        "id": "7",
        "title": "Seven",
        "link": "https://notes.example/7",
        "published": "2026-11-19T07:00:00+00:00",
        "updated": None,
        "summary": None,
        "content": "<p>Seven</p>",
        "author": "Eve",
        "categories": ["n"],
        "enclosures": [{"url": "https://notes.example/7.pdf", "type": "application/pdf", "length": 9}],
    }


async def test_what_is_old_is_left_out_and_what_has_no_date_stays(ctx: BlockContext) -> None:
    output = await read(RSS, ctx, since="2026-11-19T10:00:00+02:00")
    assert [entry["title"] for entry in output["entries"]] == ["S\u00fcppe & bread", "Undated"]


async def test_a_feed_that_has_not_changed_is_not_sent(ctx: BlockContext, site: Site) -> None:
    def answer(request: Request) -> Reply:
        known = request.headers.get("if-none-match") == '"v1"'
        stamp = (("etag", '"v1"'), ("last-modified", "Thu, 19 Nov 2026 08:00:00 GMT"))
        return Reply(status=304, headers=stamp) if known else Reply(body=RSS.encode(), headers=stamp)

    url = site.on("/feed.xml", answer)
    first = await run_block(Rss, {"url": url}, ctx)
    assert (first["modified"], len(first["entries"])) == (True, 3)
    validators = {name: first[name] for name in ("etag", "last_modified")}
    again = await run_block(Rss, {"url": url, **validators}, ctx)
    assert again == {"modified": False, "feed": None, "entries": [], **validators}
    assert site.asked("/feed.xml")[1].headers["if-modified-since"] == validators["last_modified"]


BOMB = (
    '<?xml version="1.0"?><!DOCTYPE rss [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">'
    + "".join(f'<!ENTITY {y} "{f"&{x};" * 10}">' for x, y in zip("bcdefghi", "cdefghij", strict=True))
    + ']><rss version="2.0"><channel><title>&j;</title></channel></rss>'
)
FILE = (
    '<!DOCTYPE rss [<!ENTITY x SYSTEM "file:///etc/passwd">]>'
    '<rss version="2.0"><channel><title>&x;</title></channel></rss>'
)
PAGE = "<!doctype html><html><head><title>A page</title></head><body><p>Hello</p></body></html>"


@pytest.mark.parametrize(
    "body", [BOMB, FILE, FILE.replace("ENTITY x", "ENTITY % x"), PAGE, "", "{}", '{"version": 1}', "/etc/passwd", "\0"]
)
async def test_what_is_no_feed_or_a_trap_is_refused(ctx: BlockContext, body: str) -> None:
    assert (await refusal(ctx, body=body)).code == "rss.invalid"


async def test_a_trap_in_another_encoding_is_found_as_well(ctx: BlockContext, site: Site) -> None:
    url = site.on("/feed.xml", Reply(body=FILE.encode("utf-16")))
    assert (await refusal(ctx, url=url)).code == "rss.invalid"


async def test_an_external_document_type_is_not_fetched(ctx: BlockContext, site: Site) -> None:
    doctype = f'<!DOCTYPE rss SYSTEM "{site.url}/evil.dtd">'
    output = await read(f'{doctype}<rss version="0.91"><channel><title>Old style</title></channel></rss>', ctx)
    assert output["feed"]["title"] == "Old style"
    assert site.requests == []


async def test_too_large_a_feed_is_refused(ctx: BlockContext, site: Site) -> None:
    assert (await refusal(ctx, body=RSS, max_bytes=100)).code == "rss.too_large"
    assert (await refusal(ctx, body="<rss>" + "<a>" * 600_000)).code == "rss.too_large"
    url = site.on("/feed.xml", Reply(body=RSS.encode()))
    assert (await refusal(ctx, url=url, max_bytes=100)).code == "http.too_large"


async def test_deep_and_broken_markup_ends(ctx: BlockContext) -> None:
    started = time.monotonic()
    deep = '<rss version="2.0"><channel><item><title>' + "<b>" * 20_000
    output = await read(deep, ctx)
    assert len(output["entries"]) == 1
    assert time.monotonic() - started < 60


async def test_an_error_of_the_server_is_one(ctx: BlockContext, site: Site) -> None:
    error = await refusal(ctx, url=site.on("/feed.xml", Reply(status=503)))
    assert (error.code, error.retryable) == ("http.status", True)


@pytest.mark.parametrize(
    "config", [{}, {"url": "https://a.example", "body": "x"}, {"body": "x", "since": "2026-01-01T00:00:00"}]
)
async def test_what_can_not_be_read(ctx: BlockContext, config: dict[str, Any]) -> None:
    assert (await refusal(ctx, **config)).code == "block.config_invalid"
