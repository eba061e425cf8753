"""Google Sheets for Gnatwork."""

from gnatwork_blocks.integration import Integration
from gnatwork_google_sheets.connection import CONNECTION
from gnatwork_google_sheets.triggers import NEW_ROWS

INTEGRATION = Integration(
    name="google-sheets",
    title="Google Sheets",
    summary="Reads and writes cells of Google Sheets, and sees to new rows.",
    triggers=(NEW_ROWS,),
    connections=(CONNECTION,),
)
