"""First look at what was sent: it must be a JSON object, neither too deep nor too large."""

from typing import Any

import orjson

from gnatwork_engine.compiler.faults import Faults
from gnatwork_engine.json_tree import too_deep

#: How deep a definition may nest.
MAX_DEPTH = 64
#: Bytes of JSON above which a definition is not looked at; what it compiles to has a limit of its own.
MAX_DOCUMENT_SIZE = 4 * 1024 * 1024


def read_outline(raw: Any) -> dict[str, Any]:
    """A copy of `raw` that is plain JSON. Raises DefinitionError."""
    faults = Faults()
    if not isinstance(raw, dict):
        faults.add((), "definition.invalid", "a definition is a JSON object with `blocks` or `steps`")
    elif deep := too_deep(raw, MAX_DEPTH):
        faults.add(deep, "definition.invalid", f"nests deeper than {MAX_DEPTH} levels; make it flatter")
    faults.stop_if_any()
    try:
        document = orjson.dumps(raw)
    except orjson.JSONEncodeError as error:
        faults.add((), "definition.invalid", f"this can't be written as JSON: {error}")
        raise faults.error() from None
    if len(document) > MAX_DOCUMENT_SIZE:
        limit = MAX_DOCUMENT_SIZE // 1024 // 1024
        faults.add(
            (), "definition.too_large", f"a definition has at most {limit} MiB; move large constants into the input"
        )
    faults.stop_if_any()
    outline: dict[str, Any] = orjson.loads(document)
    return outline
