from typing import Any

import pytest

from gnatwork_blocks.builtin.template import Template
from gnatwork_blocks.sdk import BlockContext, BlockError
from gnatwork_blocks.testing import run_block


async def fill(ctx: BlockContext, template: str, escape: str = "none", **data: Any) -> Any:
    return await run_block(Template, {"template": template, "data": data, "escape": escape}, ctx)


async def failure(ctx: BlockContext, template: str, **data: Any) -> BlockError:
    with pytest.raises(BlockError) as caught:
        await fill(ctx, template, **data)
    return caught.value


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("Dear ${name}, ${n + 1} \\${x} \\`q\\` {{ no path }}", "Dear Ada, 4 ${x} `q` {{ no path }}"),
        ("${items.map((item, at) => `${at + 1}. ${item.title}\n`)}", "1. Pen\n2. <Lamp>\n"),
        ("${items.map(item => item.title).join(', ')}", "Pen, <Lamp>"),
        ("${n > 2 ? 'many' : 'few'}${n > 5 ? 'x' : ''}", "many"),
        ("[${nothing}${undefined}${false}${0}]", "[false0]"),
        ("${items[0]}", '{"title":"Pen"}'),
        ("${[1, [2, null], 'c']}", "12c"),
        ("", ""),
        ("größe €", "größe €"),
        ("C:\\users", "C:\\users"),
        ("two\nlines", "two\nlines"),
    ],
)
async def test_texts(ctx: BlockContext, template: str, text: str) -> None:
    data: dict[str, Any] = {"name": "Ada", "n": 3, "items": [{"title": "Pen"}, {"title": "<Lamp>"}], "nothing": None}
    assert await fill(ctx, template, **data) == text


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("<b>${evil}</b>", "<b>&lt;i a=&quot;b&quot; c=&#39;d&#39;&gt;&amp;</b>"),
        (
            "<ul>${[evil].map(one => html`<li>${one}</li>`)}</ul>",
            "<ul><li>&lt;i a=&quot;b&quot; c=&#39;d&#39;&gt;&amp;</li></ul>",
        ),
        ("${[evil].map(one => `<li>`)}", "&lt;li&gt;"),
        ("${raw('<br>')}", "<br>"),
        ("${html`<p>${html`<q>${'<'}</q>`}</p>`}", "<p><q>&lt;</q></p>"),
        ("${{ toString: () => evil }}", "{}"),
        ("${({ text: '<b>' })}", "{&quot;text&quot;:&quot;&lt;b&gt;&quot;}"),
    ],
)
async def test_what_is_put_into_html_is_no_markup(ctx: BlockContext, template: str, text: str) -> None:
    assert await fill(ctx, template, "html", evil="<i a=\"b\" c='d'>&") == text


@pytest.mark.parametrize("name", ["text", "marks", "escaped", "shown", "Markup", "value", "parts", "at", "set", "data"])
async def test_no_other_name_is_taken(ctx: BlockContext, name: str) -> None:
    assert await fill(ctx, f"${{{name}}}", **{name: "it"}) == "it"


async def test_data_that_looks_like_a_template_is_data(ctx: BlockContext) -> None:
    assert await fill(ctx, "${it}", it="`${1 + 1}`; ${") == "`${1 + 1}`; ${"


@pytest.mark.parametrize(
    ("template", "code", "line"),
    [
        ("a\nb ${missing}", "code.error", 2),
        ("a\n${(", "code.syntax", 2),
        ("${'x'.repeat(2 ** 29)}", "code.memory", None),
    ],
)
async def test_what_is_wrong_is_told_with_its_line(
    ctx: BlockContext, template: str, code: str, line: int | None
) -> None:
    error = await failure(ctx, template)
    assert error.code == code
    if line:
        assert error.details is not None
        assert error.details["line"] == line


@pytest.mark.parametrize("name", ["html", "raw"])
async def test_the_names_of_its_functions_are_taken(ctx: BlockContext, name: str) -> None:
    assert (await failure(ctx, "", **{name: 1})).code == "block.config_invalid"
