"""What configs of blocks for cells have in common."""

from typing import Annotated, Literal

from pydantic import Field

from gnatwork_google_sheets.api import CONNECTION, SheetsConnection, Spreadsheet
from gnatwork_schemas.model import StrictModel

Range = Annotated[
    str,
    Field(
        min_length=1, max_length=500, description="In A1 notation, such as `Sheet1!A1:D`; a sheet's name is all of it."
    ),
]
Cell = str | int | float | bool | None
Rows = Annotated[list[list[Cell]], Field(min_length=1, description="Rows of cells; null leaves a cell as it is.")]
Input = Annotated[
    Literal["user-entered", "raw"],
    Field(description="`user-entered`: as if typed in, so `=A1+1` is a formula. `raw`: texts stay texts."),
]
INPUT_OPTIONS = {"user-entered": "USER_ENTERED", "raw": "RAW"}


class OfRange(StrictModel):
    """Which cells."""

    connection: SheetsConnection = CONNECTION
    spreadsheet: Spreadsheet
    range: Range


class Cells(OfRange):
    """And what is written there."""

    values: Rows
    input: Input = "user-entered"
