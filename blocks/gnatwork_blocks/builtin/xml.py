"""`xml`: a value of a document, or a document of a value."""

from pkgutil import resolve_name
from typing import Any, ClassVar, Self

from pydantic import Field, RootModel, model_validator

from gnatwork_blocks.computing import computed
from gnatwork_blocks.sdk import Block, BlockContext, BlockError
from gnatwork_schemas.model import StrictModel

#: Bytes of the longest document: it takes about ten times as much memory while it is read.
MAX_BYTES = 10_000_000


class Xml(Block):
    """Reads and writes documents without anything that reaches out of them: no entities, no external references."""

    type = "xml"
    title = "XML"
    summary = "Parses an XML document into a value, or renders a value as XML."
    icon = "code-xml"
    category = "logic"
    capabilities = ("cpu",)
    examples: ClassVar[tuple[dict[str, Any], ...]] = (
        {"parse": "{{ page.body }}", "lists": ["item"]},
        {"render": {"order": {"@number": 7, "line": [{"@sku": "a", "#text": "A pen"}, "A book"]}}, "pretty": True},
    )

    class Config(StrictModel):
        """Which way; one of `parse` and `render`."""

        parse: str | None = Field(
            default=None,
            description="A document, up to 10 MB. An element is its text, without white space around it, or,"
            " with attributes or elements inside, an object: attributes as `@name`, text as `#text`. An empty one is"
            " null.",
        )
        lists: list[str] = Field(
            default_factory=list,
            description="With `parse`: elements that are arrays even where there is one alone.",
        )
        render: dict[str, Any] | None = Field(
            default=None,
            min_length=1,
            max_length=1,
            description="What `parse` would yield: an object with one key, the root. Arrays are elements of one name.",
        )
        pretty: bool = Field(default=False, description="With `render`: on lines, indented by two spaces.")

        @model_validator(mode="after")
        def _check(self) -> Self:
            if (self.parse is None) is (self.render is None):
                raise ValueError("give one of parse and render")
            if self.parse is not None and self.pretty:
                raise ValueError("pretty goes with render")
            if self.render is not None and self.lists:
                raise ValueError("lists goes with parse")
            return self

    class Output(RootModel[dict[str, Any] | str]):
        """The value, or the text."""

    async def run(self, ctx: BlockContext, config: Config) -> Any:
        """Do it."""
        if config.parse is not None:
            _check_size(config.parse)
            return await computed(ctx, parsed, config, config.parse)
        return await computed(ctx, rendered, config, config.render)


def parsed(wanted: Xml.Config) -> Any:
    """The value; the parser is loaded here, where it is needed."""
    return resolve_name("gnatwork_blocks.texts.xml_text:read")(wanted.parse, wanted.lists)


def rendered(wanted: Xml.Config) -> str:
    """The text."""
    text: str = resolve_name("gnatwork_blocks.texts.xml_text:write")(wanted.render, pretty=wanted.pretty)
    _check_size(text)
    return text


def _check_size(text: str) -> None:
    if (size := len(text.encode())) > MAX_BYTES:
        raise BlockError("xml.too_large", f"The text has {size:,} bytes, at most {MAX_BYTES:,} are taken.")
