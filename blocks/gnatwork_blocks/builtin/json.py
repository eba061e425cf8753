"""`json`: a value of a text, or a text of a value."""

from typing import Any, ClassVar, Self

import orjson
from pydantic import Field, RootModel, model_validator

from gnatwork_blocks.sdk import Block, BlockContext, BlockError
from gnatwork_schemas.depth import is_too_deep
from gnatwork_schemas.model import StrictModel

#: Bytes of the longest text: reading it takes less than a tenth of a second.
MAX_BYTES = 8 * 1024 * 1024


class Json(Block):
    """Reads JSON that came as a text, or writes a value as one."""

    type = "json"
    title = "JSON"
    summary = "Parses a text as JSON, or renders a value as JSON."
    icon = "braces"
    category = "logic"
    examples: ClassVar[tuple[dict[str, Any], ...]] = (
        {"parse": "{{ page.body }}"},
        {"render": "{{ input }}", "pretty": True, "sorted": True},
    )

    class Config(StrictModel):
        """Which way; one of `parse` and `render`."""

        parse: str | None = Field(
            default=None,
            description="A text, up to 8 MiB. Of a key that comes twice, the last; whole numbers beyond 64 bits lose"
            " digits.",
        )
        render: Any = Field(default=None, description="Any value.")
        pretty: bool = Field(default=False, description="With `render`: on lines, indented by two spaces.")
        sorted: bool = Field(default=False, description="With `render`: keys in the order of their letters.")

        @model_validator(mode="after")
        def _check(self) -> Self:
            if ("parse" in self.model_fields_set) is ("render" in self.model_fields_set):
                raise ValueError("give one of parse and render")
            if self.parse is None and "parse" in self.model_fields_set:
                raise ValueError("parse must be a text")
            if self.parse is not None and (self.pretty or self.sorted):
                raise ValueError("pretty and sorted go with render")
            return self

    class Output(RootModel[Any]):
        """The value, or the text."""

    async def run(self, ctx: BlockContext, config: Config) -> Any:  # noqa: ARG002 - as every block
        """Do it."""
        return _rendered(config) if config.parse is None else _parsed(config.parse)


def _parsed(text: str) -> Any:
    data = text.encode()
    _check_size(data)
    try:
        value = orjson.loads(data)
    except orjson.JSONDecodeError as error:
        place = {"line": error.lineno, "column": error.colno}
        raise BlockError("json.invalid", f"This is not JSON: {error}.", details=place) from None
    if is_too_deep(data):
        raise BlockError("json.too_deep", "The text is nested more than 150 levels deep.")
    return value


def _rendered(config: Json.Config) -> str:
    options = (orjson.OPT_INDENT_2 if config.pretty else 0) | (orjson.OPT_SORT_KEYS if config.sorted else 0)
    data = orjson.dumps(config.render, option=options)
    _check_size(data)
    return data.decode()


def _check_size(data: bytes) -> None:
    if len(data) > MAX_BYTES:
        raise BlockError("json.too_large", f"The text has {len(data):,} bytes, at most {MAX_BYTES:,} are taken.")
