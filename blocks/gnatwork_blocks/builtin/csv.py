"""`csv`: rows of a text, or a text of rows."""

from pkgutil import resolve_name
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import Field, RootModel, StringConstraints, model_validator

from gnatwork_blocks.computing import computed
from gnatwork_blocks.sdk import Block, BlockContext, BlockError
from gnatwork_schemas.model import StrictModel

#: Bytes of the longest text.
MAX_BYTES = 20_000_000

_Column = Annotated[str, StringConstraints(max_length=1000)]


class Csv(Block):
    """Reads and writes tables as text."""

    type = "csv"
    title = "CSV"
    summary = "Parses a CSV text into rows, or renders rows as CSV."
    icon = "table"
    category = "logic"
    capabilities = ("cpu",)
    examples: ClassVar[tuple[dict[str, Any], ...]] = (
        {"parse": "{{ page.body }}", "delimiter": ";", "types": {"price": "number", "sold": "boolean"}},
        {"parse": "{{ page.body }}", "header": ["name", "email"]},
        {"render": "{{ input.orders }}", "columns": ["number", "customer", "price"]},
    )

    class Config(StrictModel):
        """Which way; one of `parse` and `render`."""

        parse: str | None = Field(
            default=None,
            description="A text, up to 20 MB. Empty lines are left out; a line with too few values has null.",
        )
        render: list[dict[str, Any] | list[Any]] | None = Field(
            default=None,
            description="Rows: all objects, or all arrays. Null is nothing; what is no text is written as JSON.",
        )
        delimiter: Annotated[str, StringConstraints(pattern=r'^[^"\r\n\x00]$')] = Field(
            default=",", description="What stands between values: one character."
        )
        header: bool | list[_Column] = Field(
            default=True,
            description="With `parse`: whether the first line has the names of the columns, or those names. Without,"
            " rows are arrays. With `render`: whether to write the line of names.",
        )
        types: dict[_Column, Literal["string", "number", "integer", "boolean"]] = Field(
            default_factory=dict,
            description="With `parse`: what the values of a column are turned into; an empty one becomes null.",
        )
        columns: list[_Column] | None = Field(
            default=None, min_length=1, description="With `render`: which columns, in order; else all that any row has."
        )

        @model_validator(mode="after")
        def _check(self) -> Self:
            if (self.parse is None) is (self.render is None):
                raise ValueError("give one of parse and render")
            if self.parse is not None and self.columns:
                raise ValueError("columns go with render")
            if self.render is not None and (self.types or not isinstance(self.header, bool)):
                raise ValueError("types, and the names of a header, go with parse")
            if self.types and self.header is False:
                raise ValueError("types need the names of columns: give a header")
            return self

    class Output(RootModel[list[dict[str, Any]] | list[list[str]] | str]):
        """The rows, or the text."""

    async def run(self, ctx: BlockContext, config: Config) -> Any:
        """Do it."""
        if config.parse is not None:
            _check_size(config.parse)
            return await computed(ctx, parsed, config, config.parse)
        return await computed(ctx, rendered, config, config.render)


def parsed(wanted: Csv.Config) -> Any:
    """The rows; what reads them is loaded here, where it is needed."""
    read = resolve_name("gnatwork_blocks.texts.csv_text:read")
    return read(wanted.parse, wanted.delimiter, wanted.header, wanted.types)


def rendered(wanted: Csv.Config) -> str:
    """The text."""
    write = resolve_name("gnatwork_blocks.texts.csv_text:write")
    text: str = write(wanted.render, wanted.columns, wanted.delimiter, header=wanted.header)
    _check_size(text)
    return text


def _check_size(text: str) -> None:
    if (size := len(text.encode())) > MAX_BYTES:
        raise BlockError("csv.too_large", f"The text has {size:,} bytes, at most {MAX_BYTES:,} are taken.")
