"""What of Google Sheets starts runs."""

from gnatwork_schemas.integration import TriggerType
from gnatwork_schemas.names import NAME_PATTERN

#: Rows that one poll takes; there may be as many again in the next.
_MAX_ROWS = 500

NEW_ROWS = TriggerType(
    type="google-sheets",
    title="New row",
    summary="A sheet of Google Sheets has a new row.",
    icon="table",
    config_schema={
        "type": "object",
        "required": ["connection", "spreadsheet", "sheet"],
        "properties": {
            "connection": {
                "type": "string",
                "title": "Connection",
                "description": "The name of a connection of the type `google-sheets`, or `oauth2`.",
                "pattern": NAME_PATTERN,
            },
            "spreadsheet": {
                "type": "string",
                "title": "Spreadsheet",
                "description": "Its id or its address.",
                "minLength": 1,
            },
            "sheet": {
                "type": "string",
                "title": "Sheet",
                "description": "The name of one of its sheets.",
                "minLength": 1,
            },
            "header_row": {
                "type": "integer",
                "title": "Row of the names",
                "description": "The number of the row that names the columns; what stands above is left out.",
                "minimum": 1,
                "default": 1,
            },
            "after_row": {
                "type": "integer",
                "title": "Begin after row",
                "description": "The last row that is not new at first; all below the names are unless given.",
                "minimum": 0,
                "default": 0,
            },
            "every": {
                "type": ["string", "number"],
                "title": "How often",
                "description": "Such as `5m`, or seconds.",
                "default": "5m",
            },
        },
        "additionalProperties": False,
    },
    trigger={
        "type": "polling",
        "every": "{{ config.every }}",
        "block": "google-sheets-new-rows",
        "fetch": {
            "connection": "{{ connections.{{ config.connection }} }}",
            "spreadsheet": "{{ config.spreadsheet }}",
            "sheet": "{{ config.sheet }}",
            "header_row": "{{ config.header_row }}",
            "after_row": "{{ cursor ?? {{ config.after_row }} }}",
            "max_rows": _MAX_ROWS,
        },
        "items": "{{ response.rows }}",
        "key": "{{ item.row }}",
        "cursor": "{{ response.last_row }}",
        "max_items": _MAX_ROWS,
    },
    examples=(
        {
            "id": "orders",
            "type": "google-sheets",
            "connection": "sheets",
            "spreadsheet": "1qpyC0XzvTcKT6EISywvqESX3A0MwQoFDE8p-Bll4hps",
            "sheet": "Orders",
            "every": "1m",
        },
    ),
)
