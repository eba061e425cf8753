"""The shape of a definition: which fields there are and what they hold. Blocks are read one by one."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

import orjson
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from gnatwork_engine.compiler.faults import Faults, shown, suggestion
from gnatwork_engine.compiler.shape_messages import describe
from gnatwork_engine.json_tree import Path
from gnatwork_schemas.definition import MAX_BLOCKS, BlockDefinition, Definition, Retry

_CODE = "definition.invalid"
_Model = TypeVar("_Model", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class DraftBlock:
    """A block of the right shape, and where it stands in what was sent."""

    path: Path
    definition: BlockDefinition


@dataclass(frozen=True, slots=True)
class Draft:
    """A definition as far as it has the right shape."""

    #: Without its blocks; None when a field outside the blocks is wrong.
    definition: Definition | None
    blocks: tuple[DraftBlock, ...]
    #: Type by id of all blocks that have an id; None where the block is not of the right shape.
    types: Mapping[str, str | None]
    #: Paths and ids of all blocks that have an id.
    ids: tuple[tuple[Path, str], ...]
    #: Whether each block waits for the one before it.
    in_steps: bool


def read_shape(document: Mapping[str, Any], faults: Faults) -> Draft:
    """The definition's fields, as far as they are right; the rest become faults."""
    name, entries = _entries(document, faults)
    rest = {key: value for key, value in document.items() if key not in {"blocks", "steps"}}
    if not isinstance(rest.get("input"), dict | bool | None):
        faults.add(("input",), _CODE, "`input` is a JSON Schema: an object, true or false")
        del rest["input"]
    definition = _read(Definition, rest, (), faults)
    blocks: list[DraftBlock] = []
    types: dict[str, str | None] = {}
    ids: list[tuple[Path, str]] = []
    for index, entry in enumerate(entries):
        path: Path = (name, index)
        if not isinstance(entry, dict):
            faults.add(path, _CODE, "a block is an object with an `id` and a `type`")
            continue
        block = _read(BlockDefinition, entry, path, faults)
        if block:
            blocks.append(DraftBlock(path, block))
        if isinstance(entry.get("id"), str):
            ids.append((path, entry["id"]))
            types[entry["id"]] = block.type if block else None
    return Draft(definition, tuple(blocks), types, tuple(ids), in_steps=name == "steps")


def _entries(document: Mapping[str, Any], faults: Faults) -> tuple[Literal["blocks", "steps"], list[Any]]:
    """Which of the two lists there is, and its entries."""
    name: Literal["blocks", "steps"] = "blocks" if document.get("steps") is None else "steps"
    entries = document.get(name)
    if name == "steps" and document.get("blocks") is not None:
        faults.add(("steps",), _CODE, "there are `blocks` as well; give one of the two")
    elif entries is None:
        faults.add((), _CODE, "there are no `blocks`; give `blocks`, or `steps` that run one after the other")
    elif not isinstance(entries, list):
        faults.add((name,), _CODE, f"`{name}` is an array of blocks")
    elif not entries:
        faults.add((name,), _CODE, f"`{name}` is empty; add a block")
    elif len(entries) > MAX_BLOCKS:
        faults.add((name,), "definition.too_large", f"a definition has at most {MAX_BLOCKS} blocks; split it")
    else:
        return name, entries
    return name, []


def _read(model: type[_Model], value: Any, path: Path, faults: Faults) -> _Model | None:
    try:
        # From JSON and strictly: lists are tuples there, and "yes" is not true nor "3" a number.
        return model.model_validate_json(orjson.dumps(value), strict=True)
    except ValidationError as error:
        for detail in error.errors(include_url=False, include_input=False):
            _add(detail, model, path, faults)
        return None


def _add(detail: ErrorDetails, model: type[BaseModel], path: Path, faults: Faults) -> None:
    at = detail["loc"]
    if detail["type"] == "missing":
        faults.add((*path, *at[:-1]), _CODE, f"{shown(at[-1])} is missing")
    elif detail["type"] == "extra_forbidden":
        fields = (Retry if "retry" in at[:-1] else model).model_fields
        faults.add((*path, *at), _CODE, f"there is no {shown(at[-1])}{suggestion(str(at[-1]), fields)}")
    elif at[-1:] == ("[key]",):
        faults.add((*path, *at[:-1]), _CODE, f"the name {shown(at[-2])} {describe(detail)}")
    else:
        name = at[-1] if isinstance(at[-1], str) else f"{at[-2]}[{at[-1]}]"
        faults.add((*path, *at), _CODE, f"{shown(name)} {describe(detail)}")
