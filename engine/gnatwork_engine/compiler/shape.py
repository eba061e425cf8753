"""The shape of a definition: which fields there are and what they hold. Blocks are read one by one."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from gnatwork_engine.compiler.faults import Faults
from gnatwork_engine.compiler.fields import INVALID, read_fields
from gnatwork_engine.json_tree import Path
from gnatwork_schemas.definition import MAX_BLOCKS, MAX_NESTING, BlockDefinition, Definition
from gnatwork_schemas.steering import GROUP, LOOP

#: The two names of lists of blocks.
_LISTS = ("blocks", "steps")


@dataclass(frozen=True, slots=True)
class DraftBlock:
    """A block of the right shape, and where it stands in what was sent."""

    path: Path
    #: Without the blocks inside.
    definition: BlockDefinition
    body: "DraftBody | None" = None

    @property
    def id(self) -> str:
        """The id of the block."""
        return self.definition.id


@dataclass(frozen=True, slots=True)
class DraftBody:
    """A list of blocks: of the workflow, of a loop or group, or of `on_failure`."""

    blocks: tuple[DraftBlock, ...] = ()
    #: By id all blocks that have an id; None where the block is not of the right shape.
    known: Mapping[str, DraftBlock | None] = field(default_factory=dict)
    #: Paths and ids of all blocks that have an id.
    ids: tuple[tuple[Path, str], ...] = ()
    #: Whether each block waits for the one before it.
    in_steps: bool = False
    #: Of all blocks that lie further inside, in which block of this list.
    within: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Draft:
    """A definition as far as it has the right shape."""

    #: Without its blocks; None when a field outside the blocks is wrong.
    definition: Definition | None
    body: DraftBody
    on_failure: DraftBody | None


def read_shape(document: Mapping[str, Any], faults: Faults) -> Draft:
    """The definition's fields, as far as they are right; the rest become faults."""
    reader = _Reader(faults)
    body = reader.lists(document, (), 0)
    on_failure = None
    if (entries := document.get("on_failure")) is not None:
        on_failure = reader.body(entries, ("on_failure",), 0)
    rest = {key: value for key, value in document.items() if key not in {*_LISTS, "on_failure", "triggers"}}
    if not isinstance(rest.get("input"), dict | bool | None):
        faults.add(("input",), INVALID, "`input` is a JSON Schema: an object, true or false")
        del rest["input"]
    return Draft(read_fields(Definition, rest, (), faults), body, on_failure)


class _Reader:
    """Reads lists of blocks, and counts them."""

    def __init__(self, faults: Faults) -> None:
        self._faults = faults
        self._count = 0

    def lists(self, holder: Mapping[str, Any], path: Path, depth: int) -> DraftBody:
        """The `blocks` or the `steps` of a workflow or block, whichever there is."""
        name = "blocks" if holder.get("steps") is None else "steps"
        if name == "steps" and holder.get("blocks") is not None:
            self._fault((*path, "steps"), "there are `blocks` as well; give one of the two")
        elif holder.get(name) is None:
            self._fault(path, "there are no `blocks`; give `blocks`, or `steps` that run one after the other")
        else:
            return self.body(holder[name], (*path, name), depth)
        return DraftBody()

    def body(self, entries: Any, path: Path, depth: int) -> DraftBody:
        """A list of blocks."""
        name = path[-1]
        if not isinstance(entries, list):
            self._fault(path, f"`{name}` is an array of blocks")
        elif not entries:
            self._fault(path, f"`{name}` is empty; add a block")
        elif depth > MAX_NESTING:
            self._faults.add(path, "definition.too_large", f"blocks nest at most {MAX_NESTING} deep; make it flatter")
        elif self._count + len(entries) > MAX_BLOCKS:
            self._faults.add(path, "definition.too_large", f"a definition has at most {MAX_BLOCKS} blocks; split it")
        else:
            self._count += len(entries)
            return self._read(entries, path, depth)
        return DraftBody()

    def _read(self, entries: list[Any], path: Path, depth: int) -> DraftBody:
        blocks: list[DraftBlock] = []
        known: dict[str, DraftBlock | None] = {}
        ids: list[tuple[Path, str]] = []
        within: dict[str, str] = {}
        for index, entry in enumerate(entries):
            at = (*path, index)
            if not isinstance(entry, dict):
                self._fault(at, "a block is an object with an `id` and a `type`")
                continue
            body = self._inside(entry, at, depth)
            fields = {key: value for key, value in entry.items() if key not in _LISTS}
            definition = read_fields(BlockDefinition, fields, at, self._faults)
            block = DraftBlock(at, definition, body) if definition else None
            if block:
                blocks.append(block)
                self._check_depth(block, depth)
            if isinstance(id_ := entry.get("id"), str):
                ids.append((at, id_))
                known[id_] = block
                if body:
                    within.update(dict.fromkeys((*body.known, *body.within), id_))
        return DraftBody(tuple(blocks), known, tuple(ids), in_steps=path[-1] == "steps", within=within)

    def _inside(self, entry: dict[str, Any], path: Path, depth: int) -> DraftBody | None:
        """The blocks inside of a block."""
        if entry.get("type") in (LOOP, GROUP):
            return self.lists(entry, path, depth + 1)
        for name in _LISTS:
            if entry.get(name) is not None:
                self._fault((*path, name), f"only a `loop` or a `group` has `{name}`")
        return None

    def _check_depth(self, block: DraftBlock, depth: int) -> None:
        if block.definition.for_each and depth == MAX_NESTING:
            message = f"blocks nest at most {MAX_NESTING} deep, and `for_each` is one more level; make it flatter"
            self._faults.add((*block.path, "for_each"), "definition.too_large", message)

    def _fault(self, path: Path, message: str) -> None:
        self._faults.add(path, INVALID, message)
