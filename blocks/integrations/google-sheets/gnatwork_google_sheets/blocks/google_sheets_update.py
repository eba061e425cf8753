"""`google-sheets-update`: writes cells."""

from typing import Any, ClassVar

from pydantic import BaseModel, Field

from gnatwork_blocks.sdk import Block, BlockContext
from gnatwork_google_sheets.api import Sheets
from gnatwork_google_sheets.configs import INPUT_OPTIONS, Cells


class GoogleSheetsUpdate(Block):
    """Writes a range of cells (`spreadsheets.values.update`). Done twice, it is as if done once."""

    type = "google-sheets-update"
    title = "Write cells"
    summary = "Writes a range of cells of Google Sheets."
    icon = "table"
    category = "google-sheets"
    capabilities = ("network", "secrets", "side-effects")
    examples: ClassVar[tuple[dict[str, Any], ...]] = (
        {
            "connection": "{{ connections.sheets }}",
            "spreadsheet": "1qpyC0XzvTcKT6EISywvqESX3A0MwQoFDE8p-Bll4hps",
            "range": "Orders!D{{ trigger.key }}",
            "values": [["sent"]],
        },
    )

    class Config(Cells):
        """The cells."""

    class Output(BaseModel):
        """What was written."""

        range: str
        cells: int = Field(description="How many.")

    async def run(self, ctx: BlockContext, config: Config) -> dict[str, Any]:
        """Write them."""
        found = await Sheets(ctx, config.connection, config.spreadsheet).values(
            "PUT",
            config.range,
            query={"valueInputOption": INPUT_OPTIONS[config.input]},
            body={"majorDimension": "ROWS", "values": config.values},
        )
        return {"range": found.get("updatedRange", ""), "cells": found.get("updatedCells", 0)}
