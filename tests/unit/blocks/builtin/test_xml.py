from pathlib import Path
from typing import Any

import pytest

from gnatwork_blocks.builtin.xml import MAX_BYTES, Xml
from gnatwork_blocks.sdk import BlockContext, BlockError
from gnatwork_blocks.testing import run_block


async def failure(ctx: BlockContext, config: Any) -> BlockError:
    with pytest.raises(BlockError) as caught:
        await run_block(Xml, config, ctx)
    return caught.value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("<a>1</a>", {"a": "1"}),
        ("<a/>", {"a": None}),
        ("<a b='1'>x<!-- no --></a>", {"a": {"@b": "1", "#text": "x"}}),
        ("<a><b>1</b><b>2</b><c>3</c></a>", {"a": {"b": ["1", "2"], "c": "3"}}),
        ("<?xml version='1.0' encoding='ISO-8859-1'?><a>é</a>", {"a": "é"}),
        ("<a><![CDATA[<&>]]>&lt;&amp;&#233;</a>", {"a": "<&><&é"}),
        ("<n:a xmlns:n='urn:x'><n:b/></n:a>", {"n:a": {"@xmlns:n": "urn:x", "n:b": None}}),
        ("<!DOCTYPE a SYSTEM 'http://127.0.0.1:9/a.dtd'><a>1</a>", {"a": "1"}),
    ],
)
async def test_a_document_becomes_a_value(ctx: BlockContext, text: str, value: Any) -> None:
    assert await run_block(Xml, {"parse": text}, ctx) == value


async def test_what_is_always_an_array(ctx: BlockContext) -> None:
    config = {"parse": "<a><b>1</b><c/></a>", "lists": ["b"]}
    assert await run_block(Xml, config, ctx) == {"a": {"b": ["1"], "c": None}}


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({"a": {"@b": 1, "c": ["x", None, True], "#text": "t"}}, '<a b="1"><c>x</c><c></c><c>true</c>t</a>'),
        ({"a": "<&>"}, "<a>&lt;&amp;&gt;</a>"),
        ({"a": {"@q": '"<'}}, """<a q='"&lt;'></a>"""),
        ({"a": None}, "<a></a>"),
    ],
)
async def test_a_value_becomes_a_document(ctx: BlockContext, value: Any, text: str) -> None:
    head = '<?xml version="1.0" encoding="utf-8"?>\n'
    assert await run_block(Xml, {"render": value}, ctx) == head + text


async def test_pretty_is_on_lines(ctx: BlockContext) -> None:
    text = await run_block(Xml, {"render": {"a": {"b": "1"}}, "pretty": True}, ctx)
    assert text.splitlines()[1:] == ["<a>", "  <b>1</b>", "</a>"]


_LAUGHS = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10 if n else "ha"}">' for n in range(10))


@pytest.mark.parametrize(
    "text",
    [
        f"<!DOCTYPE a [{_LAUGHS}]><a>&l9;</a>",
        f'<!DOCTYPE a [<!ENTITY x "{"x" * 10_000}">]><a>{"&x;" * 1000}</a>',
        '<!DOCTYPE a [<!ENTITY f SYSTEM "file:///etc/passwd">]><a>&f;</a>',
        '<!DOCTYPE a [<!ENTITY % p SYSTEM "http://169.254.169.254/">%p;]><a/>',
        "<!DOCTYPE a [<!ENTITY % p \"<!ENTITY q '1'>\">%p;]><a>&q;</a>",
        '<!DOCTYPE a [<!NOTATION n SYSTEM "n"><!ENTITY u SYSTEM "file:///etc/passwd" NDATA n>]><a/>',
        "<a>" * 101 + "</a>" * 101,
        "<a>" * 200_000,
    ],
    ids=["laughs", "quadratic", "file", "parameter", "nested", "unparsed", "deep", "deeper"],
)
async def test_what_grows_or_leads_elsewhere_is_refused(ctx: BlockContext, text: str) -> None:
    assert (await failure(ctx, {"parse": text})).code == "xml.refused"


async def test_nothing_is_read_from_this_machine(ctx: BlockContext, tmp_path: Path) -> None:
    secret = tmp_path / "secret.dtd"
    secret.write_text("<!ENTITY s 'planted'>")
    error = await failure(ctx, {"parse": f"<!DOCTYPE a SYSTEM '{secret.as_uri()}'><a>&s;</a>"})
    assert error.code == "xml.refused"
    assert "planted" not in error.message


@pytest.mark.parametrize(
    ("text", "line", "column"), [("", 1, 1), ("<a>\n  <b></a>", 2, 8), ("<a/><b/>", 1, 5), ("text", 1, 1)]
)
async def test_the_place_of_a_mistake_is_told(ctx: BlockContext, text: str, line: int, column: int) -> None:
    error = await failure(ctx, {"parse": text})
    assert (error.code, error.details) == ("xml.invalid", {"line": line, "column": column})


@pytest.mark.parametrize(
    "value",
    [
        {"a b": 1},
        {"a": {"x><evil/><y": 1}},
        {"a": {'@x="1" onload': 1}},
        {"a": {"@": 1}},
        {"a": "\x00"},
        {"a": {"#comment": "--> <evil/>"}},
        {"a": ["two", "roots"]},
    ],
)
async def test_no_name_gets_out_of_its_element(ctx: BlockContext, value: Any) -> None:
    assert (await failure(ctx, {"render": value})).code == "xml.invalid"


async def test_depth_and_size_are_bounded(ctx: BlockContext) -> None:
    value: Any = "x"
    for _ in range(101):
        value = {"a": value}
    assert (await failure(ctx, {"render": value})).code == "xml.refused"
    assert (await failure(ctx, {"render": {"a": "x" * MAX_BYTES}})).code == "xml.too_large"
    assert (await failure(ctx, {"parse": "x" * (MAX_BYTES + 1)})).code == "xml.too_large"


@pytest.mark.parametrize(
    "config",
    [
        {},
        {"parse": "<a/>", "render": {"a": 1}},
        {"parse": "<a/>", "pretty": True},
        {"render": {"a": 1}, "lists": ["a"]},
        {"render": {"a": 1, "b": 2}},
        {"render": {}},
        {"render": [1]},
    ],
)
async def test_a_bad_config_is_told(ctx: BlockContext, config: Any) -> None:
    assert (await failure(ctx, config)).code == "block.config_invalid"
