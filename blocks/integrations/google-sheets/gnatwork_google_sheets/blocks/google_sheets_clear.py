"""`google-sheets-clear`: empties cells."""

from typing import Any, ClassVar

from pydantic import BaseModel

from gnatwork_blocks.sdk import Block, BlockContext
from gnatwork_google_sheets.api import Sheets
from gnatwork_google_sheets.configs import OfRange


class GoogleSheetsClear(Block):
    """Empties a range of cells (`spreadsheets.values.clear`); formats stay. Done twice, it is as if done once."""

    type = "google-sheets-clear"
    title = "Clear cells"
    summary = "Empties a range of cells of Google Sheets."
    icon = "table"
    category = "google-sheets"
    capabilities = ("network", "secrets", "side-effects")
    examples: ClassVar[tuple[dict[str, Any], ...]] = (
        {
            "connection": "{{ connections.sheets }}",
            "spreadsheet": "1qpyC0XzvTcKT6EISywvqESX3A0MwQoFDE8p-Bll4hps",
            "range": "Orders!A2:D",
        },
    )

    class Config(OfRange):
        """The cells."""

    class Output(BaseModel):
        """What was emptied."""

        range: str

    async def run(self, ctx: BlockContext, config: Config) -> dict[str, Any]:
        """Empty them."""
        sheets = Sheets(ctx, config.connection, config.spreadsheet)
        found = await sheets.values("POST", config.range, ":clear", query={}, body={})
        return {"range": found.get("clearedRange", "")}
