"""A dialect that later versions run. It is refused by name, never ignored."""

from collections.abc import Mapping
from typing import Any

from gnatwork_engine.compiler.faults import Faults, shown

#: The code of what is refused.
CODE = "definition.not_supported"

#: What a workflow has that is written as a program.
SCRIPT = "script"


def refuse_scripts(document: Mapping[str, Any]) -> None:
    """Raise DefinitionError for a workflow that is a program; no other mistake in it would mean anything."""
    faults = Faults()
    if SCRIPT in document:
        message = f"{shown(SCRIPT)} belongs to another dialect, which this version does not take; write native `blocks`"
        faults.add((SCRIPT,), CODE, message)
    faults.stop_if_any()
