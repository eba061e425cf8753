"""Constructs that later versions run, and other dialects. They are refused by name, never ignored."""

from collections.abc import Mapping
from typing import Any

from gnatwork_engine.compiler.faults import Faults, shown
from gnatwork_engine.json_tree import Path
from gnatwork_schemas.catalogue import BlockType

_CODE = "definition.not_supported"

_WORKFLOW_KEYS = frozenset({"on_failure", "concurrency", "rate_limit", "retention", "triggers"})
_BLOCK_KEYS = frozenset({"when", "compensate", "for_each", "priority", "blocks"})
_LOOP_KEYS = frozenset({"items", "while", "until", "max_iterations", "concurrency"})
#: Types that the scheduler itself would have to understand.
LATER_TYPES = frozenset(
    {"condition", "switch", "filter", "transform", "loop", "delay", "wait", "workflow", "group"},
)  # fmt: skip
#: Roots of templates that exist only together with such constructs.
LATER_ROOTS = frozenset({"item", "index", "connections"})

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


def refuse_later_keys(document: dict[str, Any], catalogue: Mapping[str, BlockType], faults: Faults) -> dict[str, Any]:
    """The document without the keys that later versions bring, each of them a fault."""
    known = _without(document, _WORKFLOW_KEYS, (), faults)
    for name in ("blocks", "steps"):
        if not isinstance(entries := known.get(name), list):
            continue
        known[name] = [
            _without(entry, _block_keys(entry, catalogue), (name, index), faults) if isinstance(entry, dict) else entry
            for index, entry in enumerate(entries)
        ]
    return known


def is_later_type(type_: str, catalogue: Mapping[str, BlockType]) -> bool:
    """Whether a block type is one that later versions bring."""
    return type_ in LATER_TYPES and type_ not in catalogue


def refuse_later(path: Path, what: str, faults: Faults) -> None:
    """The fault of a construct that later versions bring."""
    faults.add(path, _CODE, f"{what} is not supported by this version")


def _block_keys(entry: dict[str, Any], catalogue: Mapping[str, BlockType]) -> frozenset[str]:
    if entry.get("type") == "loop" and "loop" not in catalogue:
        return _BLOCK_KEYS | _LOOP_KEYS
    return _BLOCK_KEYS


def _without(container: dict[str, Any], keys: frozenset[str], path: Path, faults: Faults) -> dict[str, Any]:
    for key in container:
        if key in keys:
            refuse_later((*path, key), shown(key), faults)
    return {key: value for key, value in container.items() if key not in keys}


def _refuse_dialect(path: Path, faults: Faults) -> None:
    message = f"{shown(path[-1])} belongs to another dialect, which this version does not take; write native `blocks`"
    faults.add(path, _CODE, message)
