"""What all dialects say of a workflow as a whole."""

from typing import Any

from gnatwork_engine.compiler.dialects.fields import Fields
from gnatwork_engine.compiler.dialects.naming import workflow_name
from gnatwork_engine.compiler.dialects.placed import sent


def head(fields: Fields) -> dict[str, Any]:
    """The native `name` and `description`."""
    native: dict[str, Any] = {}
    if (given := fields.text("name")) is not None:
        if name := workflow_name(given):
            native["name"] = sent(name, ("name",))
        else:
            fields.wrong("name", "`name` must have a letter or a digit of ASCII: it becomes part of addresses")
    if "description" in fields:
        native["description"] = sent(fields.get("description"), ("description",))
    return native
