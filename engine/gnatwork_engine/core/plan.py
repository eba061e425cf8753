"""A control block linked for execution: who waits for whom, templates ready to render. Shared by all its runs."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from gnatwork_engine.render import Renderer
from gnatwork_schemas.control_block import ERROR_PORT, ControlBlock, ControlledBlock, Need
from gnatwork_schemas.template import PathExpression, TemplateLeaf


@dataclass(frozen=True, slots=True)
class PlannedBlock:
    """A block with what the fold asks of it again and again."""

    block: ControlledBlock
    renderer: Renderer
    #: Whom to tell when it settles, and which port each of them waits for.
    dependents: tuple[tuple[str, str], ...]
    #: Blocks whose error it handles, in the order of its needs.
    handles: tuple[str, ...]
    #: Whether something runs instead when it fails.
    caught: bool


@dataclass(frozen=True, slots=True)
class Plan:
    """A control block and its graph.

    `keep_all` keeps every output in the state, for views; the scheduler keeps only those that templates mention.
    """

    control_block: ControlBlock
    keep_all: bool = False
    blocks: dict[str, PlannedBlock] = field(init=False)
    #: Blocks whose outputs the state keeps.
    kept: frozenset[str] = field(init=False)
    #: Blocks that nothing depends on.
    sinks: tuple[str, ...] = field(init=False)
    #: Blocks whose output is the reply to the run's caller.
    responses: tuple[str, ...] = field(init=False)
    output: Renderer | None = field(init=False)

    def __post_init__(self) -> None:
        """Link the graph."""
        control_block = self.control_block
        dependents: dict[str, list[tuple[str, str]]] = {block.id: [] for block in control_block.blocks}
        for block in control_block.blocks:
            for need in block.needs:
                dependents[need.block].append((block.id, need.port))
        blocks = {block.id: _planned(block, dependents[block.id]) for block in control_block.blocks}
        output = control_block.output
        sinks = tuple(name for name, waiting in dependents.items() if not waiting)
        responses = tuple(block.id for block in control_block.blocks if block.responds)
        mentioned = set(_mentioned(leaf for block in control_block.blocks for leaf in block.templates))
        mentioned.update(_mentioned(output.templates) if output else responses or sinks)
        for name, value in {
            "blocks": blocks,
            "kept": frozenset(blocks) if self.keep_all else frozenset(mentioned),
            "sinks": sinks,
            "responses": responses,
            "output": Renderer(output.config, output.templates) if output else None,
        }.items():
            object.__setattr__(self, name, value)


@lru_cache(maxsize=4096)
def value_at(*path: str) -> Renderer:
    """A renderer of the value at a path, such as `blocks`, `answer`, `body`."""
    return Renderer("", (_leaf((), path),))


@lru_cache(maxsize=4096)
def values_of(names: tuple[str, ...]) -> Renderer:
    """A renderer of `{block id: output}`."""
    config: dict[str, Any] = dict.fromkeys(names, "")
    return Renderer(config, tuple(_leaf((name,), ("blocks", name)) for name in names))


def _leaf(at: tuple[str, ...], path: tuple[str, ...]) -> TemplateLeaf:
    return TemplateLeaf(at=at, parts=(PathExpression(path=path, source=".".join(path)),))


def _planned(block: ControlledBlock, dependents: list[tuple[str, str]]) -> PlannedBlock:
    return PlannedBlock(
        block=block,
        renderer=Renderer(block.config, block.templates),
        dependents=tuple(dependents),
        handles=tuple(need.block for need in block.needs if _is_error(need)),
        caught=any(port == ERROR_PORT for _, port in dependents),
    )


def _is_error(need: Need) -> bool:
    return need.port == ERROR_PORT


def _mentioned(leaves: Iterable[TemplateLeaf]) -> Iterable[str]:
    for leaf in leaves:
        for part in leaf.parts:
            if isinstance(part, PathExpression) and part.path[0] == "blocks" and len(part.path) > 1:
                yield str(part.path[1])
