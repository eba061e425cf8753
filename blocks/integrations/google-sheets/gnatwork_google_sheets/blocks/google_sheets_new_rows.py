"""`google-sheets-new-rows`: the rows below one that was the last."""

from typing import Any, ClassVar

from pydantic import BaseModel, Field

from gnatwork_blocks.sdk import Block, BlockContext, BlockError
from gnatwork_google_sheets.api import CONNECTION, Sheets, SheetsConnection, Spreadsheet
from gnatwork_google_sheets.rows import named_rows
from gnatwork_schemas.model import StrictModel

#: How Google says that a sheet has no such rows yet.
_BEYOND = "exceeds grid limits"


class GoogleSheetsNewRows(Block):
    """Reads the rows of a sheet below a row, named by its columns: what the trigger `google-sheets` polls with.

    Rows are told apart by their number. A sheet whose rows are sorted or removed has others under the same numbers.
    """

    type = "google-sheets-new-rows"
    title = "New rows"
    summary = "Reads the rows of a sheet of Google Sheets that come after one."
    icon = "table"
    category = "google-sheets"
    capabilities = ("network", "secrets")
    examples: ClassVar[tuple[dict[str, Any], ...]] = (
        {
            "connection": "{{ connections.sheets }}",
            "spreadsheet": "1qpyC0XzvTcKT6EISywvqESX3A0MwQoFDE8p-Bll4hps",
            "sheet": "Orders",
            "after_row": "{{ input.last_row }}",
        },
    )

    class Config(StrictModel):
        """Which rows."""

        connection: SheetsConnection = CONNECTION
        spreadsheet: Spreadsheet
        sheet: str = Field(min_length=1, max_length=200, description="The name of one of its sheets.")
        header_row: int = Field(default=1, ge=1, description="The number of the row that names the columns.")
        after_row: int = Field(default=0, ge=0, description="The number of the last row that is not wanted.")
        max_rows: int = Field(default=500, ge=1, le=10_000, description="How many at most.")

    class Output(BaseModel):
        """The rows, without those that are empty."""

        rows: list[Any] = Field(description="`{row, values}`: its number, and its cells by the names of their columns.")
        last_row: int = Field(description="The number of the last row that was read: `after_row` of the next time.")

    async def run(self, ctx: BlockContext, config: Config) -> dict[str, Any]:
        """Read the names and the rows in one request."""
        after = max(config.after_row, config.header_row)
        sheet = "'" + config.sheet.replace("'", "''") + "'"
        ranges = (
            f"{sheet}!{config.header_row}:{config.header_row}",
            f"{sheet}!{after + 1}:{after + config.max_rows}",
        )
        sheets = Sheets(ctx, config.connection, config.spreadsheet)
        query = {
            "ranges": ranges,
            "valueRenderOption": "UNFORMATTED_VALUE",
            "dateTimeRenderOption": "FORMATTED_STRING",
        }
        try:
            found = await sheets.call("GET", "values:batchGet", query=query)
        except BlockError as error:
            if _BEYOND in error.message:
                return {"rows": [], "last_row": after}
            raise
        names, values = (part.get("values", []) for part in _both(found))
        named = named_rows(names[0] if names else _numbered(values), values)
        rows = [
            {"row": after + number, "values": row}
            for number, row in enumerate(named, 1)
            if any(value is not None for value in row.values())
        ]
        return {"rows": rows, "last_row": after + len(values)}


def _both(found: dict[str, Any]) -> list[dict[str, Any]]:
    parts = found.get("valueRanges")
    if not isinstance(parts, list) or len(parts) != 2:
        raise BlockError("service.unexpected", "Google Sheets answered with other ranges than it was asked for.")
    return parts


def _numbered(values: list[list[Any]]) -> list[str]:
    """Where nothing names the columns, they are called by their numbers."""
    return [""] * max(map(len, values), default=0)
