"""`google-sheets-append`: adds rows."""

from typing import Any, ClassVar

from pydantic import BaseModel, Field

from gnatwork_blocks.sdk import Block, BlockContext
from gnatwork_google_sheets.api import Sheets
from gnatwork_google_sheets.configs import INPUT_OPTIONS, Cells


class GoogleSheetsAppend(Block):
    """Adds rows below the table in a range (`spreadsheets.values.append`).

    Google can't tell a repetition: rows whose answer got lost are added again by another attempt. Without `retry` there
    is none, and with `"idempotent": false` none either when its executor vanishes.
    """

    type = "google-sheets-append"
    title = "Append rows"
    summary = "Adds rows at the end of a table of Google Sheets."
    icon = "table"
    category = "google-sheets"
    capabilities = ("network", "secrets", "side-effects")
    examples: ClassVar[tuple[dict[str, Any], ...]] = (
        {
            "connection": "{{ connections.sheets }}",
            "spreadsheet": "1qpyC0XzvTcKT6EISywvqESX3A0MwQoFDE8p-Bll4hps",
            "range": "Orders",
            "values": [["{{ input.id }}", "{{ input.total }}"]],
        },
    )

    class Config(Cells):
        """The rows."""

    class Output(BaseModel):
        """What was written."""

        range: str = Field(description="Where the rows stand now.")
        rows: int = Field(description="How many.")

    async def run(self, ctx: BlockContext, config: Config) -> dict[str, Any]:
        """Add them."""
        found = await Sheets(ctx, config.connection, config.spreadsheet).values(
            "POST",
            config.range,
            ":append",
            query={"valueInputOption": INPUT_OPTIONS[config.input], "insertDataOption": "INSERT_ROWS"},
            body={"majorDimension": "ROWS", "values": config.values},
        )
        updates = found.get("updates") or {}
        return {"range": updates.get("updatedRange", ""), "rows": updates.get("updatedRows", 0)}
