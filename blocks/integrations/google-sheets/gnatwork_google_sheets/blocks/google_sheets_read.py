"""`google-sheets-read`: the values of cells."""

from typing import Any, ClassVar, Literal

from pydantic import BaseModel, Field

from gnatwork_blocks.sdk import Block, BlockContext
from gnatwork_google_sheets.api import Sheets
from gnatwork_google_sheets.configs import OfRange
from gnatwork_google_sheets.rows import named_rows

_RENDER = {"formatted": "FORMATTED_VALUE", "unformatted": "UNFORMATTED_VALUE", "formula": "FORMULA"}
_DATES = {"text": "FORMATTED_STRING", "number": "SERIAL_NUMBER"}


class GoogleSheetsRead(Block):
    """Reads a range of cells (`spreadsheets.values.get`)."""

    type = "google-sheets-read"
    title = "Read cells"
    summary = "Reads a range of cells of Google Sheets."
    icon = "table"
    category = "google-sheets"
    capabilities = ("network", "secrets")
    examples: ClassVar[tuple[dict[str, Any], ...]] = (
        {
            "connection": "{{ connections.sheets }}",
            "spreadsheet": "1qpyC0XzvTcKT6EISywvqESX3A0MwQoFDE8p-Bll4hps",
            "range": "Orders!A1:D",
            "header": True,
        },
    )

    class Config(OfRange):
        """Which cells, and how they are shown."""

        header: bool = Field(default=False, description="Whether the first row names the columns.")
        render: Literal["formatted", "unformatted", "formula"] = Field(
            default="unformatted", description="As people see them, as they are, or the formulas."
        )
        dates: Literal["text", "number"] = Field(
            default="text",
            description="With `unformatted`: how dates are shown; `number` counts days since 1899-12-30.",
        )

    class Output(BaseModel):
        """The cells. What is empty at the end of a row, and of the range, is left out."""

        range: str = Field(description="What was read.")
        values: list[Any] | None = Field(default=None, description="Rows of cells; null with `header`.")
        rows: list[Any] | None = Field(
            default=None, description="With `header`: objects by the names of the columns; null without."
        )

    async def run(self, ctx: BlockContext, config: Config) -> dict[str, Any]:
        """Read them."""
        found = await Sheets(ctx, config.connection, config.spreadsheet).values(
            "GET",
            config.range,
            query={
                "majorDimension": "ROWS",
                "valueRenderOption": _RENDER[config.render],
                "dateTimeRenderOption": _DATES[config.dates],
            },
        )
        values = found.get("values", [])
        if not config.header:
            return {"range": found.get("range", ""), "values": values, "rows": None}
        rows = named_rows(values[0], values[1:]) if values else []
        return {"range": found.get("range", ""), "values": None, "rows": rows}
