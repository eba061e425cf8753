"""Ids: each block of a list has its own, and none is a root of templates."""

from gnatwork_engine.compiler.faults import Faults, listed, shown
from gnatwork_engine.compiler.shape import DraftBody
from gnatwork_engine.json_tree import Path
from gnatwork_schemas.names import RESERVED_ROOTS


def check_ids(body: DraftBody, faults: Faults) -> bool:
    """Whether every id names one block; if not, nothing can be said about dependencies."""
    first: dict[str, Path] = {}
    for path, id_ in body.ids:
        if id_ in RESERVED_ROOTS:
            message = f"{shown(id_)} is a root of templates; {listed(sorted(RESERVED_ROOTS))} can't be ids"
            faults.add((*path, "id"), "definition.reserved_id", message)
        if id_ in first:
            message = f"{shown(id_)} is the id of {faults.pointer(first[id_])} already"
            faults.add((*path, "id"), "definition.duplicate_id", message)
        first.setdefault(id_, path)
    return len(first) == len(body.ids)
