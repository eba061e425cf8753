"""The graph of blocks: edges that follow from templates, circles, and who runs after an error."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from gnatwork_engine.compiler.edges import Edge
from gnatwork_engine.compiler.faults import Faults, shown
from gnatwork_engine.json_tree import Path
from gnatwork_schemas.control_block import ERROR_PORT, Need

#: How many blocks of a circle a message lists.
_LISTED = 10


@dataclass(frozen=True, slots=True)
class Node:
    """A block, and what it would wait for."""

    id: str
    edges: Sequence[Edge]
    #: Blocks that its templates mention, and where.
    mentions: Mapping[str, Path]
    #: Where its templates mention `error`.
    error_at: Path | None


def link(nodes: Sequence[Node], faults: Faults) -> dict[str, tuple[Need, ...]]:
    """What each block waits for in the end, by id.

    A template makes a block wait for the one that it mentions, unless that one runs earlier anyway, whichever of
    its ports is taken. Circles, and `error` where there can be none, become faults.
    """
    candidates = {node.id: [*node.edges, *_mentioned(node, faults)] for node in nodes}
    edges = {id_: [edge for edge in of_block if edge.block in candidates] for id_, of_block in candidates.items()}
    order = _sort(edges)
    if len(order) < len(edges):
        _report_circles(edges, order, faults)
        return {}
    linked = _without_redundant(edges, order)
    if not faults:  # a need that is wrong may have been the one by an error port
        _check_error_roots(nodes, linked, faults)
    return {id_: tuple(Need(block=edge.block, port=edge.port) for edge in linked[id_]) for id_ in edges}


def _mentioned(node: Node, faults: Faults) -> Iterable[Edge]:
    needed = {edge.block for edge in node.edges}
    for block, at in node.mentions.items():
        if block == node.id:
            message = f"{shown(block)} mentions its own output"
            faults.add(at, "template.not_upstream", message)
        elif block not in needed:
            yield Edge(block, at=at, implicit=True)


def _sort(edges: Mapping[str, Sequence[Edge]]) -> list[str]:
    """The blocks, each after all it waits for; those that can never run are left out."""
    waiting = {id_: len(of_block) for id_, of_block in edges.items()}
    followers: dict[str, list[str]] = {id_: [] for id_ in edges}
    for id_, of_block in edges.items():
        for edge in of_block:
            followers[edge.block].append(id_)
    order = [id_ for id_, count in waiting.items() if not count]
    for id_ in order:  # grows while it is read
        for follower in followers[id_]:
            waiting[follower] -= 1
            if not waiting[follower]:
                order.append(follower)
    return order


def _without_redundant(edges: Mapping[str, Sequence[Edge]], order: Sequence[str]) -> dict[str, list[Edge]]:
    """The edges without those of templates that mention a block which the explicit edges wait for anyway."""
    bits = {id_: 1 << index for index, id_ in enumerate(order)}
    before: dict[str, int] = {}
    linked: dict[str, list[Edge]] = {}
    for id_ in order:
        explicit = 0
        for edge in edges[id_]:
            if not edge.implicit:
                explicit |= before[edge.block] | bits[edge.block]
        linked[id_] = [edge for edge in edges[id_] if not edge.implicit or not explicit & bits[edge.block]]
        before[id_] = explicit
        for edge in linked[id_]:
            if edge.implicit:
                before[id_] |= before[edge.block] | bits[edge.block]
    return linked


def _check_error_roots(nodes: Sequence[Node], linked: Mapping[str, Sequence[Edge]], faults: Faults) -> None:
    for node in nodes:
        handles = any(edge.port == ERROR_PORT for edge in linked[node.id])
        if node.error_at is not None and not handles:
            message = 'there is an `error` only in a block that needs another by `error`, `"needs": ["id.error"]`'
            faults.add(node.error_at, "template.unknown_root", message)


def _report_circles(edges: Mapping[str, Sequence[Edge]], order: Sequence[str], faults: Faults) -> None:
    """A fault for each of the circles that are found by going back from every block that can't run."""
    settled = set(order)
    back = {
        id_: next(edge for edge in of_block if edge.block not in settled)
        for id_, of_block in edges.items()
        if id_ not in settled
    }
    for start in back:
        trail: dict[str, int] = {}
        id_ = start
        while id_ not in settled and id_ not in trail:
            trail[id_] = len(trail)
            id_ = back[id_].block
        if id_ not in settled:
            _report_circle(list(trail)[trail[id_] :], back, faults)
        settled.update(trail)


def _report_circle(circle: Sequence[str], back: Mapping[str, Edge], faults: Faults) -> None:
    """The fault stands at a template if one is to blame, else at an entry of `needs`."""
    start = min(
        (index for index, id_ in enumerate(circle) if back[id_].at is not None),
        key=lambda index: not back[circle[index]].implicit,
    )
    circle = [*circle[start:], *circle[:start]]
    edge = back[circle[0]]
    names = [shown(id_) for id_ in (*circle, circle[0])]
    if len(names) > _LISTED:
        names = [*names[: _LISTED // 2], "…", *names[-_LISTED // 2 :]]
    waits = " waits for ".join(names)
    if edge.implicit:
        message = f"{shown(edge.block)} can't be known here: {waits}"
        faults.add(edge.at or (), "template.not_upstream", message)
    else:
        faults.add(edge.at or (), "definition.cycle", f"{waits}: none of them could start")
