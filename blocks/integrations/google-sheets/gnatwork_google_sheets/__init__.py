"""Google Sheets for Gnatwork."""

from gnatwork_blocks.integration import Integration

INTEGRATION = Integration(name="google-sheets", title="Google Sheets", summary="Google Sheets.")
