"""A control block linked for execution: who waits for whom, templates ready to render. Shared by all its runs."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from gnatwork_engine.core.roles import ENGINE_RETRY, ROLE_OF_KIND, SLICE_RETRY, Role
from gnatwork_engine.render import Renderer
from gnatwork_schemas import implicit
from gnatwork_schemas.control_block import ERROR_PORT, ControlBlock, ControlledBlock
from gnatwork_schemas.definition import Retry
from gnatwork_schemas.template import PathExpression, TemplateLeaf

#: The scope of `on_failure`, as task paths name it.
ON_FAILURE = ":on_failure"
#: Seconds of one attempt of an implicit task: it may have to read or write a hundred thousand values.
_IMPLICIT_TIMEOUT = 600.0


@dataclass(frozen=True, slots=True)
class PlannedBlock:
    """A block with what the fold asks of it again and again."""

    block: ControlledBlock
    role: Role
    renderer: Renderer
    #: Whom to tell when it settles, and which port each of them waits for.
    dependents: tuple[tuple[str, str], ...] = ()
    #: Whether something runs instead when it fails.
    caught: bool = False
    #: Blocks whose error it handles, in the order of its needs.
    handles: tuple[str, ...] = ()
    #: What a loop or group goes through. That of a script is known to its run alone.
    body: "Body | None" = None
    #: What undoes it.
    undo: "PlannedBlock | None" = None
    #: Whether it is done even where the scope around it fails.
    always: bool = False

    @property
    def plain(self) -> bool:
        """Whether its config is completed ahead of it."""
        return self.block.plain and self.role is Role.TASK


@dataclass(frozen=True, slots=True)
class Body:
    """The blocks of one scope: of the run, of an iteration, of a group."""

    #: Implicit tasks included.
    blocks: dict[str, PlannedBlock]
    #: Blocks that need nothing.
    starts: tuple[str, ...] = ()
    #: The blocks that people wrote, and the conditions of their `when`: all that settles before the scope is done.
    members: tuple[str, ...] = ()
    #: Blocks that nothing depends on.
    sinks: tuple[str, ...] = ()
    #: Blocks whose outputs the state keeps.
    kept: frozenset[str] = frozenset()
    #: The one block of a `for_each`, whose tasks are named by their index.
    single: PlannedBlock | None = None
    #: Whether its blocks are the steps of a program, which come and go, named by their numbers.
    stepwise: bool = False

    def planned(self, key: str) -> PlannedBlock:
        """The block of a task; KeyError when there is none."""
        if self.single is None:
            found = self.blocks.get(key)
            # All slices of a program are one step of its block.
            return self.blocks[implicit.unnumbered(key)] if found is None else found
        _, colon, what = implicit.unnumbered(key).partition(":")
        return self.blocks[f"{self.single.block.id}:{what}"] if colon else self.single

    def step(self, name: str) -> PlannedBlock | None:
        """The block or implicit task of this name, or what undoes a block; None when there is none."""
        if found := self.blocks.get(name):
            return found
        block, _, what = name.partition(":")
        return self.blocks[block].undo if what == "undo" and block in self.blocks else None


@dataclass(frozen=True, slots=True)
class Plan:
    """A control block and its graph.

    `keep_all` keeps every output and every finished scope in the state, for views; the scheduler keeps only what is
    still asked for.
    """

    control_block: ControlBlock
    keep_all: bool = False
    root: Body = field(init=False)
    #: What runs when the run fails; None for nothing.
    on_failure: Body | None = field(init=False)
    #: Blocks whose output is the reply to the run's caller.
    responses: tuple[str, ...] = field(init=False)
    output: Renderer | None = field(init=False)
    #: Whether outcomes of its tasks may concern others: limits of block types, child runs.
    concerns_others: bool = field(init=False)

    def __post_init__(self) -> None:
        """Link the graph."""
        control_block = self.control_block
        output = control_block.output
        responses = tuple(block.id for block in control_block.blocks if block.responds)
        sinks = _sinks(control_block.blocks)
        kept: set[str] = set()
        linker = _Linker(self.keep_all)
        on_failure = linker.body(control_block.on_failure, [kept]) if control_block.on_failure else None
        linker.note(output.templates if output else (), [kept])
        if not output:
            kept.update(responses or sinks)
        root = linker.body(control_block.blocks, [], kept)
        for name, value in {
            "root": root,
            "on_failure": on_failure,
            "responses": responses,
            "concerns_others": linker.concerns_others,
            "output": Renderer(output.config, output.templates) if output else None,
        }.items():
            object.__setattr__(self, name, value)

    def find(self, path: str) -> PlannedBlock | None:
        """The block of a task, whatever the iterations in its path."""
        steps = iter(path.split("/"))
        body: Body | None = self.root
        found: PlannedBlock | None = None
        for step in steps:
            if step == ON_FAILURE:
                body = self.on_failure
                continue
            found = body.step(step) if body else None
            if found is None or body is None:
                return None
            body = found.body
            if found.role.goes_round and body and (index := next(steps, None)) is not None and body.single:
                what = index.partition(":")[2]
                found = body.step(f"{body.single.block.id}:{what}" if what else body.single.block.id)
                body = found.body if found else None
        return found


class _Linker:
    """Makes bodies. `scopes` holds, per scope from the outermost in, the ids whose outputs are asked for."""

    def __init__(self, keep_all: bool) -> None:
        self._keep_all = keep_all
        #: Whether a block has a limit of its type, or starts runs.
        self.concerns_others = False

    def note(self, leaves: Iterable[TemplateLeaf], scopes: Sequence[set[str]]) -> None:
        """Remember which outputs these templates ask for."""
        for leaf in leaves:
            for part in leaf.parts:
                if isinstance(part, PathExpression) and part.path[0] in {"blocks", "previous"} and len(part.path) > 1:
                    scopes[max(0, len(scopes) - 1 - part.up)].add(str(part.path[1]))

    def body(self, blocks: Sequence[ControlledBlock], outer: list[set[str]], kept: set[str] | None = None) -> Body:
        """The body of a scope inside of `outer`."""
        scope = set() if kept is None else kept
        scopes = [*outer, scope]
        dependents: dict[str, list[tuple[str, str]]] = {block.id: [] for block in blocks}
        for block in blocks:
            for need in block.needs:
                dependents[need.block].append((block.id, need.port))
        planned: dict[str, PlannedBlock] = {}
        joins = {block.id: block.join for block in blocks}
        for block in blocks:
            # Where there is a `when`, it is the one that joins.
            always = joins.get(f"{block.id}:when", block.join) == "always"
            planned[block.id] = self._planned(block, dependents[block.id], scopes, always=always)
            planned.update((step.block.id, step) for step in implicit_steps(planned[block.id]))
        return Body(
            blocks=planned,
            starts=tuple(block.id for block in blocks if not block.needs),
            members=tuple(block.id for block in blocks),
            sinks=_sinks(blocks),
            kept=frozenset(planned) if self._keep_all else frozenset(scope),
        )

    def _planned(
        self,
        block: ControlledBlock,
        dependents: Sequence[tuple[str, str]],
        scopes: list[set[str]],
        *,
        always: bool = False,
    ) -> PlannedBlock:
        self.note(block.templates, scopes)
        role = ROLE_OF_KIND[block.kind]
        undo = block.compensate
        limited = block.type_concurrency is not None or (undo is not None and undo.type_concurrency is not None)
        # What the steps of a script will be nobody knows.
        self.concerns_others |= limited or role in {Role.CHILD, Role.SCRIPT}
        body = None
        if role is Role.EACH:
            body = self._single(block.blocks[0], scopes)
        elif block.blocks:
            inside: set[str] = set()
            condition = block.loop.condition if block.loop else None
            if condition:
                self.note(condition.templates, [*scopes, inside])
            body = self.body(block.blocks, scopes, inside)
            if condition:
                self.concerns_others |= condition.type_concurrency is not None
                step = PlannedBlock(condition, Role.CONDITION, Renderer(condition.config, condition.templates))
                body.blocks[condition.id] = step
        return PlannedBlock(
            block=block,
            role=role,
            renderer=Renderer(block.config, block.templates),
            dependents=tuple(dependents),
            caught=any(port == ERROR_PORT for _, port in dependents),
            handles=block.handles or tuple(need.block for need in block.needs if need.port == ERROR_PORT),
            body=body,
            undo=self._undo(block, scopes),
            always=always,
        )

    def _single(self, block: ControlledBlock, scopes: list[set[str]]) -> Body:
        """The scope of an item of a `for_each`: one block, and its own output for what undoes it."""
        inside: set[str] = set()
        single = self._planned(block, (), [*scopes, inside])
        steps = {step.block.id: step for step in implicit_steps(single)}
        return Body(blocks={block.id: single, **steps}, kept=frozenset(inside), single=single)

    def _undo(self, block: ControlledBlock, scopes: list[set[str]]) -> PlannedBlock | None:
        if block.compensate is None:
            return None
        self.note(block.compensate.templates, scopes)
        renderer = Renderer(block.compensate.config, block.compensate.templates)
        return PlannedBlock(block.compensate, Role.UNDO, renderer)


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


def _sinks(blocks: Sequence[ControlledBlock]) -> tuple[str, ...]:
    needed = {need.block for block in blocks for need in block.needs}
    return tuple(block.id for block in blocks if block.id not in needed)


def implicit_steps(planned: PlannedBlock) -> Iterable[PlannedBlock]:
    """The steps beside a block that executors do for the scheduler."""
    block, loop = planned.block, planned.block.loop
    match planned.role:
        case Role.LOOP | Role.EACH:
            if loop and loop.over == "items":
                yield _step(planned, "expand", implicit.EXPAND, Role.EXPAND)
            yield _step(planned, "collect", implicit.COLLECT, Role.COLLECT)
        case Role.GROUP:
            yield _step(planned, "collect", implicit.COLLECT, Role.COLLECT)
        case Role.DELAY | Role.WAIT:
            yield _step(planned, "render", implicit.RENDER, Role.RENDER)
        case Role.TASK if planned.plain:
            yield _step(planned, "render", implicit.RENDER, Role.RENDER)
        case Role.CHILD:
            yield _step(planned, "start", implicit.START_RUN, Role.START, timeout=block.timeout)
            yield _step(planned, "result", implicit.RUN_RESULT, Role.RESULT)
        case Role.SCRIPT:
            yield _step(planned, "slice", implicit.SLICE, Role.SLICE, timeout=block.timeout, retry=SLICE_RETRY)
        case _:
            pass


def _step(
    planned: PlannedBlock,
    what: str,
    type_: str,
    role: Role,
    *,
    timeout: float = _IMPLICIT_TIMEOUT,
    retry: Retry = ENGINE_RETRY,
) -> PlannedBlock:
    owner = planned.block
    block = ControlledBlock(
        id=f"{owner.id}:{what}",
        type=type_,
        config=owner.config,
        templates=owner.templates,
        retry=retry,
        timeout=timeout,
        lane=owner.lane,
    )
    # What a child run has yielded is fetched in any case: only then is it known to what undoes the block.
    return PlannedBlock(block, role, planned.renderer, always=planned.always or role is Role.RESULT)
