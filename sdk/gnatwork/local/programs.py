"""What programs have around them, where nothing is stored and nothing is too large."""

from collections.abc import Mapping
from typing import Any

import orjson

from gnatwork.local.outcomes import LocalOutcomes
from gnatwork.local.values import LocalValues
from gnatwork_blocks.errors import BlockError
from gnatwork_engine.json_tree import Path, to_pointer
from gnatwork_programs.ports import World
from gnatwork_programs.slices import Slices
from gnatwork_programs.source import script_at
from gnatwork_schemas.catalogue import BlockType
from gnatwork_schemas.control_block import ControlBlock, Script


def local_slices(
    control_blocks: Mapping[str, ControlBlock],
    catalogue: Mapping[str, BlockType],
    outcomes: LocalOutcomes,
    values: LocalValues,
) -> Slices:
    """Runs the slices of all programs of one flow; `control_blocks` are those that its runs follow, by digest."""
    carrier = _Carrier(values)
    return Slices(
        World(scripts=_Scripts(control_blocks), types=_Types(catalogue), outcomes=outcomes, carrier=lambda _: carrier)
    )


class _Scripts:
    def __init__(self, control_blocks: Mapping[str, ControlBlock]) -> None:
        self._control_blocks = control_blocks

    async def get(self, digest: str, path: str) -> Script:
        script = script_at(self._control_blocks[digest], path)
        if script is None:
            raise BlockError("message.invalid", f"Control block {digest} has no script at {path}.")
        return script


class _Types:
    def __init__(self, catalogue: Mapping[str, BlockType]) -> None:
        self._catalogue = catalogue

    async def get(self, type_: str) -> BlockType | None:
        return self._catalogue.get(type_)


class _Carrier:
    """Carries everything as it is, but for what would be taken for a reference."""

    def __init__(self, values: LocalValues) -> None:
        self._values = values

    async def value(self, text: bytes, name: str) -> Any:  # noqa: ARG002 - nothing is named where nothing is stored
        return self._values.guarded(orjson.loads(text))

    async def config(
        self,
        config: Any,
        deferred: tuple[Path, ...],
        number: int,  # noqa: ARG002 - as above
        what: str,  # noqa: ARG002 - nothing is refused
    ) -> tuple[Any, tuple[str, ...]]:
        return config, tuple(map(to_pointer, deferred))
