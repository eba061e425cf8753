"""Other dialects are refused by name, never ignored."""

from collections.abc import Mapping
from typing import Any

from gnatwork_engine.compiler.faults import Faults, shown
from gnatwork_engine.json_tree import Path

#: The code of what is refused.
CODE = "definition.not_supported"

_DIALECT_KEYS = frozenset({"trigger", "entryStepId", "scheduleCron", "script"})
_DIALECT_STEP_KEYS = frozenset({"position", "trueSteps", "falseSteps", "ref", "params", "next", "stopOnFailure"})


def refuse_dialects(document: Mapping[str, Any]) -> None:
    """Raise DefinitionError for a definition in another dialect; no other mistake in it would mean anything."""
    faults = Faults()
    for key in document:
        if key in _DIALECT_KEYS:
            _refuse_dialect((key,), faults)
    steps = document.get("steps")
    for index, step in enumerate(steps if isinstance(steps, list) else ()):
        for key in step if isinstance(step, dict) else ():
            if key in _DIALECT_STEP_KEYS:
                _refuse_dialect(("steps", index, key), faults)
    faults.stop_if_any()


def _refuse_dialect(path: Path, faults: Faults) -> None:
    message = f"{shown(path[-1])} belongs to another dialect, which this version does not take; write native `blocks`"
    faults.add(path, CODE, message)
