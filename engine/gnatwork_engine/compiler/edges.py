"""Edges: what blocks wait for because their `needs`, or their place among steps, say so."""

from collections.abc import Mapping
from typing import NamedTuple

from gnatwork_engine.compiler.faults import Faults, listed, shown, suggestion
from gnatwork_engine.compiler.frames import Frame
from gnatwork_engine.compiler.routes import ports_of
from gnatwork_engine.compiler.shape import DraftBlock, DraftBody
from gnatwork_engine.json_tree import Path
from gnatwork_schemas.catalogue import BlockType
from gnatwork_schemas.control_block import DEFAULT_PORT, ERROR_PORT

_UNKNOWN = "definition.unknown_need"


class Edge(NamedTuple):
    """`block` must have taken `port`."""

    block: str
    port: str = DEFAULT_PORT
    #: The entry of `needs` or the template that says so; None is the order of steps.
    at: Path | None = None
    #: Whether it follows from a template alone.
    implicit: bool = False


class Explicit(NamedTuple):
    """What a block says itself that it waits for."""

    edges: tuple[Edge, ...]
    #: Whether all that it says is right.
    sound: bool

    @property
    def handles(self) -> tuple[str, ...]:
        """The blocks whose error is for this block."""
        return tuple(edge.block for edge in self.edges if edge.port == ERROR_PORT)

    @property
    def before(self) -> str | None:
        """The step that it waits for because of nothing but its place."""
        return next((edge.block for edge in self.edges if edge.at is None), None)


def explicit_edges(
    body: DraftBody, outer: Frame | None, catalogue: Mapping[str, BlockType], faults: Faults
) -> list[Explicit]:
    """For each block of the body, the edges of its `needs` and of the order of steps."""
    result: list[Explicit] = []
    previous: str | None = None
    for block in body.blocks:
        edges, sound = _needs(block, body, outer, catalogue, faults)
        if body.in_steps and previous is not None and all(edge.block != previous for edge in edges):
            edges.append(Edge(previous))
        result.append(Explicit(tuple(edges), sound))
        previous = block.id
    return result


def _needs(
    block: DraftBlock, body: DraftBody, outer: Frame | None, catalogue: Mapping[str, BlockType], faults: Faults
) -> tuple[list[Edge], bool]:
    edges: dict[tuple[str, str], Edge] = {}
    sound = True
    for index, need in enumerate(block.definition.needs):
        at = (*block.path, "needs", index)
        id_, dot, port = need.partition(".")
        port = port if dot else DEFAULT_PORT
        if id_ not in body.known:
            faults.add(at, _UNKNOWN, _unknown(id_, body, outer))
            sound = False
        elif id_ == block.id:
            faults.add(at, "definition.cycle", f"{shown(id_)} waits for itself")
        elif (ports := ports_of(body.known[id_], catalogue)) and port not in ports:
            message = f"{shown(id_)} has no port {shown(port)}{suggestion(port, ports)}; it has {listed(ports)}"
            faults.add(at, _UNKNOWN, message)
            sound = False
        else:
            edges.setdefault((id_, port), Edge(id_, port, at))
    return list(edges.values()), sound


def _unknown(id_: str, body: DraftBody, outer: Frame | None) -> str:
    if container := body.within.get(id_):
        return f"{shown(id_)} lies inside {shown(container)}; wait for {shown(container)} itself"
    for scope in outer.outwards() if outer else ():
        if id_ in scope.body.known:
            waits = f"let {shown(scope.owner)} wait for it" if scope.owner else "mention it in a template"
            return f"{shown(id_)} does not lie beside this block, so it can't be needed here; {waits}"
    return f"there is no block {shown(id_)}{suggestion(id_, body.known)}"
