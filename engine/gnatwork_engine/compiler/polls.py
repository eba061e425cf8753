"""Polling triggers of a definition: what they ask for."""

from collections.abc import Iterator, Mapping
from typing import Any

from gnatwork_engine.compiler.faults import Faults, shown, suggestion
from gnatwork_engine.compiler.findings import Unknowns
from gnatwork_engine.compiler.schemas import check
from gnatwork_engine.json_tree import Path
from gnatwork_schemas.catalogue import BlockType
from gnatwork_schemas.triggers import PollingTrigger

#: The type of block that polls make use of unless they say otherwise.
_FETCH = "fetch"


def check_poll(trigger: PollingTrigger, at: Path, faults: Faults, catalogue: Mapping[str, BlockType]) -> None:
    """What a poll asks for is what its block takes, as far as the catalogue tells."""
    if (entry := catalogue.get(trigger.block)) is None:
        if catalogue and trigger.block != _FETCH:
            near = suggestion(trigger.block, catalogue)
            message = f"no executor has announced the block type {shown(trigger.block)}{near}"
            faults.add((*at, "block"), "block.unknown_type", message)
        return
    for finding in check(entry.config_schema, trigger.fetch, Unknowns(_templated(trigger.fetch, ()))):
        faults.add((*at, "fetch", *finding.path), "block.config_invalid", finding.message)


def _templated(value: Any, at: Path) -> Iterator[Path]:
    """The places of a JSON value where templates stand."""
    match value:
        case dict():
            for key, inner in value.items():
                yield from _templated(inner, (*at, key))
        case list():
            for index, inner in enumerate(value):
                yield from _templated(inner, (*at, index))
        case str() if "{{" in value:
            yield at
        case _:
            pass
