"""The graph of a list of blocks: edges that follow from templates, circles, and what runs earlier in any case."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from gnatwork_engine.compiler.edges import Edge
from gnatwork_engine.compiler.faults import Faults, shown
from gnatwork_engine.json_tree import Path
from gnatwork_schemas.control_block import Need

#: How many blocks of a circle a message lists.
_LISTED = 10


@dataclass(frozen=True, slots=True)
class Node:
    """A block, and what it would wait for."""

    id: str
    edges: Sequence[Edge]
    #: Blocks that are mentioned in it, and where.
    mentions: Mapping[str, Path]
    #: Blocks that what undoes it mentions, and where.
    required: Mapping[str, Path]


def link(nodes: Sequence[Node], faults: Faults) -> dict[str, tuple[Need, ...]]:
    """What each block waits for in the end, by id.

    A template or expression makes a block wait for the one that it mentions, unless that one runs earlier anyway,
    whichever of its ports is taken. Circles, and what is required but not waited for, become faults.
    """
    candidates = {node.id: [*node.edges, *_mentioned(node)] for node in nodes}
    edges = {id_: [edge for edge in of_block if edge.block in candidates] for id_, of_block in candidates.items()}
    order = _sort(edges)
    if len(order) < len(edges):
        _report_circles(edges, order, faults)
        return {}
    linked, upstream = _without_redundant(edges, order)
    for node in nodes:
        for id_, at in node.required.items():
            if id_ in edges and not upstream.waits(node.id, id_):
                message = f"{shown(id_)} may not be over when {shown(node.id)} is; let {shown(node.id)} wait for it"
                faults.add(at, "template.not_upstream", message)
    return {id_: tuple(Need(block=edge.block, port=edge.port) for edge in linked[id_]) for id_ in edges}


def _mentioned(node: Node) -> Iterable[Edge]:
    needed = {edge.block for edge in node.edges}
    for block, at in node.mentions.items():
        if block not in needed:
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


class _Upstream:
    """What each block waits for, directly or not."""

    def __init__(self, order: Sequence[str]) -> None:
        self._bits = {id_: 1 << index for index, id_ in enumerate(order)}
        self._before: dict[str, int] = {}

    def with_it(self, id_: str) -> int:
        """A block and all it waits for."""
        return self._before[id_] | self._bits[id_]

    def settle(self, id_: str, before: int) -> None:
        """Say what a block waits for."""
        self._before[id_] = before

    def holds(self, id_: str, before: int) -> bool:
        """Whether a block is one of these."""
        return bool(before & self._bits[id_])

    def waits(self, id_: str, other: str) -> bool:
        """Whether a block waits for the other one."""
        return self.holds(other, self._before[id_])


def _without_redundant(
    edges: Mapping[str, Sequence[Edge]], order: Sequence[str]
) -> tuple[dict[str, list[Edge]], _Upstream]:
    """The edges without those of templates that mention a block which the explicit edges wait for anyway."""
    upstream = _Upstream(order)
    linked: dict[str, list[Edge]] = {}
    for id_ in order:
        before = 0
        for edge in edges[id_]:
            if not edge.implicit:
                before |= upstream.with_it(edge.block)
        linked[id_] = [edge for edge in edges[id_] if not (edge.implicit and upstream.holds(edge.block, before))]
        for edge in linked[id_]:
            before |= upstream.with_it(edge.block)
        upstream.settle(id_, before)
    return linked, upstream


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
