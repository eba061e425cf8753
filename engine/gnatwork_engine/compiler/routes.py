"""Ports: which ones a block may take, and how its output says which it took."""

import re
from collections.abc import Mapping
from typing import Any, Literal

from gnatwork_engine.compiler.faults import Faults, shown
from gnatwork_engine.compiler.shape import DraftBlock
from gnatwork_engine.json_tree import Path
from gnatwork_schemas.catalogue import BlockType
from gnatwork_schemas.control_block import DEFAULT_PORT, ERROR_PORT
from gnatwork_schemas.names import PORT_PATTERN
from gnatwork_schemas.steering import STEERING

CONDITION, SWITCH, FILTER = "condition", "switch", "filter"

_INVALID = "block.config_invalid"
_ALWAYS = (DEFAULT_PORT, ERROR_PORT)
_PORT = re.compile(PORT_PATTERN)


def ports_of(block: DraftBlock | None, catalogue: Mapping[str, BlockType]) -> tuple[str, ...]:
    """The ports of a block; none when its type or shape is wrong, which is a fault of its own."""
    if block is None:
        return ()
    type_ = block.definition.type
    if type_ in STEERING:
        return _ALWAYS
    entry = catalogue.get(type_)
    if entry is None:
        return ()
    if block.definition.for_each:
        return _ALWAYS
    own = {CONDITION: ("true", "false"), SWITCH: _cases(block.definition.config), FILTER: ()}.get(type_, entry.ports)
    return (*_ALWAYS, *dict.fromkeys(own))


def routes_of(type_: str, catalogue: Mapping[str, BlockType]) -> Literal["port", "pass"] | None:
    """How the output of a block of this type says which port it took."""
    if type_ == FILTER:
        return "pass"
    return "port" if type_ in {CONDITION, SWITCH} or catalogue[type_].ports else None


def check_cases(config: Any, path: Path, faults: Faults) -> None:
    """The cases of a `switch` must be fit for ports."""
    if not isinstance(config, dict):
        return
    cases, default = config.get("cases"), config.get("default")
    if isinstance(cases, str):
        faults.add((*path, "cases"), _INVALID, "must be an object, written out: its names are ports")
    for name, case in cases.items() if isinstance(cases, dict) else ():
        at = (*path, "cases", name)
        _check_port(name, at, faults)
        if config.get("on") is None and not isinstance(case, str | bool):
            faults.add(at, _INVALID, "must be an expression, as there is no `on` that it could be compared with")
    if isinstance(default, str):
        _check_port(default, (*path, "default"), faults)


def _cases(config: Any) -> tuple[str, ...]:
    if not isinstance(config, dict) or not isinstance(cases := config.get("cases"), dict):
        return ()
    default = config.get("default")
    return (*cases, default) if isinstance(default, str) else tuple(cases)


def _check_port(name: str, at: Path, faults: Faults) -> None:
    if name in _ALWAYS:
        faults.add(at, _INVALID, f"every block has a port {shown(name)}; call this one something else")
    elif not _PORT.fullmatch(name):
        message = f"{shown(name)} is a port, so it must be 1 to 64 letters, digits, `_` or `-`"
        faults.add(at, _INVALID, message)
