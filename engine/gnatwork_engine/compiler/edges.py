"""Edges: what blocks wait for because their `needs`, or their place among steps, say so."""

from collections.abc import Mapping
from typing import NamedTuple

from gnatwork_engine.compiler.faults import Faults, listed, shown, suggestion
from gnatwork_engine.compiler.shape import Draft, DraftBlock
from gnatwork_engine.json_tree import Path
from gnatwork_schemas.catalogue import BlockType
from gnatwork_schemas.control_block import DEFAULT_PORT, ERROR_PORT


class Edge(NamedTuple):
    """`block` must have taken `port`."""

    block: str
    port: str = DEFAULT_PORT
    #: The entry of `needs` or the template that says so; None is the order of steps.
    at: Path | None = None
    #: Whether it follows from a template alone.
    implicit: bool = False


def explicit_edges(draft: Draft, catalogue: Mapping[str, BlockType], faults: Faults) -> list[list[Edge]]:
    """For each block of the draft, the edges of its `needs` and of the order of steps."""
    result: list[list[Edge]] = []
    previous: str | None = None
    for block in draft.blocks:
        edges = _needs(block, draft, catalogue, faults)
        if draft.in_steps and previous is not None and all(edge.block != previous for edge in edges):
            edges.append(Edge(previous))
        result.append(edges)
        previous = block.definition.id
    return result


def _needs(block: DraftBlock, draft: Draft, catalogue: Mapping[str, BlockType], faults: Faults) -> list[Edge]:
    edges: dict[tuple[str, str], Edge] = {}
    for index, need in enumerate(block.definition.needs):
        at = (*block.path, "needs", index)
        id_, dot, port = need.partition(".")
        port = port if dot else DEFAULT_PORT
        if id_ not in draft.types:
            faults.add(at, "definition.unknown_need", f"there is no block {shown(id_)}{suggestion(id_, draft.types)}")
        elif id_ == block.definition.id:
            faults.add(at, "definition.cycle", f"{shown(id_)} waits for itself")
        elif (ports := _ports(draft.types[id_], catalogue)) and port not in ports:
            message = f"{shown(id_)} has no port {shown(port)}{suggestion(port, ports)}; it has {listed(ports)}"
            faults.add(at, "definition.unknown_need", message)
        else:
            edges.setdefault((id_, port), Edge(id_, port, at))
    return list(edges.values())


def _ports(type_: str | None, catalogue: Mapping[str, BlockType]) -> tuple[str, ...]:
    """The ports of a block type; none when the type is not known, which is a fault of its own."""
    entry = catalogue.get(type_ or "")
    return (DEFAULT_PORT, ERROR_PORT, *entry.ports) if entry else ()
