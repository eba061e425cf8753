from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gnatwork_blocks.builtin.html_scraper import HtmlScraper
from gnatwork_blocks.sdk import BlockError

PAGE = """<!doctype html>
<html lang="en"><head><title>The  News</title>
<style>h1 { color: red }</style>
<script type="application/ld+json">{"@type": "NewsArticle"}</script>
</head><body>
<h1>Good <b>morn</b>ing<!-- not this --><script>nor("this")</script></h1>
<article id="a1" class="big lead"><h2>One</h2><p>First&nbsp;line<br>second line</p><a href="/one">more</a>
  <span class="price">$1,299.50</span></article>
<article id="a2"><h2>Two</h2><a href="two?x=1#y">more</a><a>no link</a><span class="price">ask us</span></article>
<article id="a3"><h2></h2><a href="https://other.example/3">more</a></article>
<ul><li>x</li><li>y</li></ul>
<img src="pic.png" srcset="pic.png 1x, big.png 2x"><form action="?send"></form><a href="http://[bad">bad</a>
</body></html>"""


def scrape(fields: dict[str, Any], html: str = PAGE, **config: Any) -> Any:
    return HtmlScraper.check_output(HtmlScraper.compute({"html": html, "fields": fields, **config}))


def value(spec: Any, html: str = PAGE, **config: Any) -> Any:
    return scrape({"it": spec}, html, **config)["it"]


def failure(fields: dict[str, Any], html: str = PAGE, **config: Any) -> BlockError:
    with pytest.raises(BlockError) as caught:
        scrape(fields, html, **config)
    assert not caught.value.retryable
    return caught.value


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        ("title", "The News"),
        ("h1", "Good morning"),
        (" h1 ", "Good morning"),
        ({"css": "h1"}, "Good morning"),
        ({"css": "h2", "all": True}, ["One", "Two", ""]),
        ("article p", "First line second line"),
        ("ul", "x y"),
        ("article:nth-of-type(2) > h2", "Two"),
        ("h2:-soup-contains('Two')", "Two"),
        ('script[type="application/ld+json"]', '{"@type": "NewsArticle"}'),
        ("style", "h1 { color: red }"),
        ({"css": "article", "attr": "id", "all": True}, ["a1", "a2", "a3"]),
        ({"css": "article", "attr": "class"}, "big lead"),
        ({"css": "h1 b", "html": True}, "morn"),
        ({"css": "ul", "html": True}, "<li>x</li><li>y</li>"),
        ({"css": "img", "attr": "src"}, "pic.png"),
        (":scope", "The News"),
    ],
)
def test_what_is_taken(spec: Any, expected: Any) -> None:
    taken = value(spec)
    assert taken.startswith(expected) if spec == ":scope" else taken == expected


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        ("h6", None),
        ({"css": "h6", "default": "none"}, "none"),
        ({"css": "h6", "all": True}, []),
        ({"css": "h6", "all": True, "default": None}, None),
        ({"css": "h6", "fields": {"x": "y"}}, None),
        ({"css": "h6", "fields": {"x": "y"}, "all": True}, []),
        ({"css": "h1", "attr": "id"}, None),
        ({"css": "article:nth-of-type(2) a", "attr": "href", "all": True}, ["two?x=1#y"]),
        ({"css": "article:nth-of-type(3) h2", "default": "none"}, ""),
    ],
)
def test_nothing_found_is_null_or_the_default(spec: Any, expected: Any) -> None:
    assert value(spec) == expected


def test_fields_nest() -> None:
    spec = {
        "css": "article",
        "all": True,
        "fields": {
            "id": {"css": ":scope", "attr": "id"},
            "title": "h2",
            "price": {"css": ".price", "cast": "number", "default": 0},
            "links": {"css": "a", "all": True, "fields": {"to": {"css": ":scope", "attr": "href"}, "text": ":scope"}},
        },
    }
    assert value(spec, base_url="https://news.example/today/")[:2] == [
        {
            "id": "a1",
            "title": "One",
            "price": 1299.5,
            "links": [{"to": "https://news.example/one", "text": "more"}],
        },
        {
            "id": "a2",
            "title": "Two",
            "price": 0,
            "links": [
                {"to": "https://news.example/today/two?x=1#y", "text": "more"},
                {"to": None, "text": "no link"},
            ],
        },
    ]
    assert value({"css": "article", "fields": {"title": "h2"}}) == {"title": "One"}


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        ({"css": "img", "attr": "src"}, "https://news.example/a/pic.png"),
        ({"css": "img", "attr": "srcset"}, "pic.png 1x, big.png 2x"),
        ({"css": "form", "attr": "action"}, "https://news.example/a/b?send"),
        ({"css": "#a3 a", "attr": "href"}, "https://other.example/3"),
        ({"css": "body > a", "attr": "href"}, "http://[bad"),
    ],
)
def test_urls_become_absolute(spec: Any, expected: str) -> None:
    assert value(spec, base_url="https://news.example/a/b") == expected


@pytest.mark.parametrize(
    ("href", "expected"),
    [
        ("/deep/", "https://a.example/deep/x"),
        ("https://b.example/", "https://b.example/x"),
        ("", "https://a.example/p/x"),
    ],
)
def test_the_page_may_say_what_its_urls_are_relative_to(href: str, expected: str) -> None:
    page = f'<base href="{href}"><a href="x">'
    spec = {"css": "a", "attr": "href"}
    assert value(spec, page, base_url="https://a.example/p/q") == expected
    assert value(spec, page) == "x"


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        ({"css": ".price", "cast": "number"}, 1299.5),
        ({"css": ".price", "cast": "string"}, "$1,299.50"),
        ({"css": ".price", "all": True, "cast": "number", "default": None}, [1299.5, None]),
        ({"css": "img", "attr": "src", "cast": "boolean", "default": False}, False),
    ],
)
def test_texts_become_types(spec: Any, expected: Any) -> None:
    assert value(spec) == expected


def test_a_text_that_is_not_of_its_type_is_named() -> None:
    spec = {"css": "article", "all": True, "fields": {"price": {"css": ".price", "cast": "integer"}}}
    error = failure({"it": spec}, "<article><p class=price>" + "long " * 200)
    assert error.code == "html.cast"
    assert error.message.startswith("it.price: 'long long")
    assert len(error.message) < 200
    assert error.details is not None
    assert error.details["field"] == "it.price"


@pytest.mark.parametrize(
    "css", ["h1[", "p::text", "a:no-such", ">", "..", "p:has(:has(a))", "a, ", ":is(" * 200, "*" * 1000]
)
def test_a_bad_selector_is_named_whatever_the_page(css: str) -> None:
    for fields in ({"top": css}, {"top": {"css": "h6", "fields": {"in": css}}}):
        error = failure(fields, "")
        assert error.code == "html.invalid_selector"
        assert error.message.startswith(f"{'top' if fields['top'] == css else 'top.in'}: ")


@pytest.mark.parametrize("html", ["", " ", "\0", "just text", "<", "</p>", "<!-- ", "http://example.com/"])
def test_odd_pages_are_pages(html: str) -> None:
    assert value("h1", html) is None


def test_a_page_that_is_too_large() -> None:
    assert value("p", "<p>é</p>", max_bytes=9) == "é"
    error = failure({"it": "p"}, "<p>é</p>", max_bytes=8)
    assert error.code == "html.too_large"
    assert "8 bytes" in error.message
    assert failure({"it": "p"}, "x" * 5_000_001).code == "html.too_large"
    error = failure({"it": "p"}, "<a>" * 1_000_001)
    assert error.code == "html.too_large"
    assert "tags" in error.message


def test_a_page_nested_deeply_is_read() -> None:
    page = "<div>" * 5_000 + "deep"
    assert value({"css": "div"}, page) == "deep"
    assert len(value({"css": "body", "html": True}, page)) == 5_000 * len("<div></div>") + 4
    selectors = ("div > div p", "div:has(> p)", ":is(div div, p):last-child > p", "div:dir(rtl)", "div:lang(fr)")
    assert [value(selector, page) for selector in selectors] == [None] * len(selectors)


@pytest.mark.parametrize(
    ("config", "pointer"),
    [
        ({}, "/html"),
        ({"html": "", "fields": {}}, "/fields"),
        ({"html": {"a": 1}, "fields": {"a": "b"}}, "/html"),
        ({"html": "", "fields": {"a": ""}}, "/fields/a/css"),
        ({"html": "", "fields": {"a": "x" * 1001}}, "/fields/a/css"),
        ({"html": "", "fields": {"a": 5}}, "/fields/a"),
        ({"html": "", "fields": {"a": {}}}, "/fields/a/css"),
        ({"html": "", "fields": {"a": {"css": "b", "attr": "x", "html": True}}}, "/fields/a"),
        ({"html": "", "fields": {"a": {"css": "b", "fields": {"c": "d"}, "attr": "x"}}}, "/fields/a"),
        ({"html": "", "fields": {"a": {"css": "b", "fields": {"c": "d"}, "cast": "number"}}}, "/fields/a"),
        ({"html": "", "fields": {"a": {"css": "b", "fields": {}}}}, "/fields/a/fields"),
        ({"html": "", "fields": {"a": {"css": "b", "cast": "date"}}}, "/fields/a/cast"),
        ({"html": "", "fields": {"a": {"css": "b", "xpath": "//a"}}}, "/fields/a/xpath"),
        ({"html": "", "fields": {"a": "b"}, "base_url": "news.example"}, "/base_url"),
        ({"html": "", "fields": {"a": "b"}, "max_bytes": 0}, "/max_bytes"),
        ({"html": "", "fields": {"a": "b"}, "max_bytes": 20_000_001}, "/max_bytes"),
    ],
)
def test_a_bad_config_is_told(config: dict[str, Any], pointer: str) -> None:
    with pytest.raises(BlockError) as caught:
        HtmlScraper.compute(config)
    assert caught.value.code == "block.config_invalid"
    assert caught.value.details is not None
    assert any(fault["pointer"] == pointer for fault in caught.value.details["errors"])


@given(st.text(alphabet="<>/=\"'abp!-&; \0é", max_size=300))
def test_no_page_breaks_the_scraper(html: str) -> None:
    taken = scrape(
        {
            "text": {"css": "*", "all": True},
            "inner": {"css": "*", "html": True, "all": True},
            "attribute": {"css": "a", "attr": "b"},
        },
        html,
        base_url="https://a.example/",
    )
    assert len(taken["text"]) == len(taken["inner"])
