"""The type of connection that Google Sheets needs."""

from gnatwork_blocks.integration import base_url
from gnatwork_schemas.integration import ConnectionKind

CONNECTION = ConnectionKind(
    type="google-sheets",
    title="Google Sheets",
    summary="A service account of Google.",
    icon="table",
    values_schema={
        "type": "object",
        "required": ["client_email", "private_key"],
        "properties": {
            "client_email": {
                "type": "string",
                "title": "Address of the service account",
                "description": "Share the spreadsheet with it.",
                "pattern": "^[^@\\s]+@[^@\\s]+$",
            },
            "private_key": {
                "type": "string",
                "title": "Private key",
                "description": "Begins with `-----BEGIN PRIVATE KEY-----`.",
                "pattern": "^-----BEGIN",
            },
            "token_uri": {
                "type": "string",
                "title": "Where tokens are had",
                "description": "`https://oauth2.googleapis.com/token` unless given.",
                "pattern": "^https?://",
            },
            "base_url": base_url("https://sheets.googleapis.com"),
        },
        # What else stands in the file with the key that Google gives out.
        "additionalProperties": {"type": "string"},
    },
    secret=("private_key", "private_key_id"),
    help="https://console.cloud.google.com/iam-admin/serviceaccounts: a service account, and a key of it as JSON, whose"
    " file has all values. The project has to have the Google Sheets API enabled.",
)
