"""`template`: a text made of data, with conditions and repetitions."""

from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import Field, RootModel, StringConstraints, model_validator

from gnatwork_blocks.sdk import Block, BlockContext
from gnatwork_schemas.model import StrictModel

#: What templates know beside the data.
_TAKEN = ("html", "raw")

#: In one line, so that the lines which errors name are those of the template. Only `html` and `raw` are seen from it.
_BEGIN = "((html, raw) => html`"
#: `%s` is what becomes of a text that is put in.
_END = """`.text)(...(() => {
 class Markup { constructor(text) { this.text = text; } toString() { return this.text; } }
 const marks = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };
 const escaped = %s;
 const shown = (value) => value === null || value === undefined ? "" : Array.isArray(value) ? value.map(shown).join("")
 : value instanceof Markup ? value.text : escaped(typeof value === "object" ? JSON.stringify(value) : String(value));
 const html = (parts, ...values) => new Markup(parts.map((part, at) => (part ?? parts.raw[at])
 + (at < values.length ? shown(values[at]) : "")).join(""));
 return [html, (value) => new Markup(String(value))];
 })())"""
_ESCAPES = {"html": """(value) => value.replace(/[&<>"']/g, (mark) => marks[mark])""", "none": "(value) => value"}


class Template(Block):
    """A template literal of JavaScript, evaluated in the sandbox: what authors know, bounded, and no other language.

    `{{ … }}` in configs are paths only and are filled in before a block runs; this block is for what needs more.
    """

    type = "template"
    title = "Template"
    summary = "Makes a text of data, with conditions, repetitions and escaping for HTML."
    icon = "file-text"
    category = "logic"
    examples: ClassVar[tuple[dict[str, Any], ...]] = (
        {
            "template": "Dear ${name},\n\n${items.map(item => `- ${item.title}\n`)}${total > 99 ? 'Thank you!' : ''}",
            "data": {"name": "{{ input.name }}", "items": "{{ input.items }}", "total": "{{ input.total }}"},
        },
        {
            "template": '<ul>${items.map(item => html`<li class="${item.kind}">${item.title}</li>`)}</ul>',
            "data": {"items": "{{ input.items }}"},
            "escape": "html",
        },
    )

    class Config(StrictModel):
        """The template and what it is filled with."""

        template: Annotated[str, StringConstraints(max_length=100_000)] = Field(
            description="Text with `${…}` for what is to be put in: expressions of JavaScript over the names in `data`."
            " Null is nothing, the items of an array stand one after the other, an object is JSON. Write `\\`` for a"
            " backtick and `\\\\` for a backslash. Put values into `data`, not by `{{ … }}` into the text, where they"
            " would be read as a part of the template."
        )
        data: dict[str, Any] = Field(default_factory=dict, description="The values, by name; 8 MiB at most.")
        escape: Literal["none", "html"] = Field(
            default="none",
            description="`html`: what is put in is escaped, so that it can be no markup. Markup of the template itself"
            " within `${…}` has the tag `html` in front of it, and the same holds there; `raw(value)` stays as it is.",
        )

        @model_validator(mode="after")
        def _check(self) -> Self:
            if taken := [name for name in _TAKEN if name in self.data]:
                raise ValueError(f"{taken[0]!r} is a function of templates: give this value another name")
            return self

    class Output(RootModel[str]):
        """The text."""

    async def run(self, ctx: BlockContext, config: Config) -> Any:
        """Fill it in."""
        source = _BEGIN + config.template + _END % _ESCAPES[config.escape]
        return await ctx.javascript.evaluate(source, config.data)
