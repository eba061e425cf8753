"""Bodies of blocks, looked through from the outside in: configs, conditions, and who waits for whom."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from gnatwork_engine.compiler import steering
from gnatwork_engine.compiler.configs import Config, entry_of, expression_config, read_config
from gnatwork_engine.compiler.context import Context
from gnatwork_engine.compiler.edges import Explicit, explicit_edges
from gnatwork_engine.compiler.effects import check_effects
from gnatwork_engine.compiler.faults import shown
from gnatwork_engine.compiler.frames import Frame
from gnatwork_engine.compiler.graph import Node, link
from gnatwork_engine.compiler.ids import check_ids
from gnatwork_engine.compiler.programs import read_script
from gnatwork_engine.compiler.routes import CONDITION
from gnatwork_engine.compiler.shape import DraftBlock, DraftBody
from gnatwork_schemas.control_block import Need, Script
from gnatwork_schemas.steering import DELAY, GROUP, LOOP, STEERING, WAIT

_EARLY = "has not run yet when `while` is asked; `previous` has what it yielded the last time"


@dataclass(slots=True)
class Prepared:
    """A block with all that it compiles to but its needs, which follow when its whole body is known."""

    draft: DraftBlock
    explicit: Explicit
    #: Of what it does itself; with `for_each` of what it does for an item.
    config: Config = field(default_factory=lambda: Config({}))
    when: Config | None = None
    #: The items of a `for_each`.
    items: Config | None = None
    #: How a `loop` goes round, and the condition of one with `while` or `until`.
    round: steering.Round | None = None
    condition: Config | None = None
    #: The program of a `script`; `config` is what it is called with.
    script: Script | None = None
    undo: Config | None = None
    body: "Body | None" = None


@dataclass(slots=True)
class Body:
    """Blocks of one scope, and what each waits for in the end, by id."""

    blocks: list[Prepared] = field(default_factory=list)
    needs: Mapping[str, tuple[Need, ...]] = field(default_factory=dict)


def prepare(scope: Frame, context: Context, *, failing: bool = False) -> Body:
    """The blocks of a scope; mistakes become faults.

    Args:
        scope: The scope as a block in it sees it that is not known yet.
        context: The catalogue, and where faults go.
        failing: Whether it lies in `on_failure`.
    """
    draft = scope.body
    sound = check_ids(draft, context.faults)
    explicit = explicit_edges(draft, scope.outer, context.catalogue, context.faults)
    blocks: list[Prepared] = []
    nodes: list[Node] = []
    for block, of_block in zip(draft.blocks, explicit, strict=True):
        # While a need is wrong, it may be the one by an error port.
        error = scope.error or bool(of_block.handles) or not of_block.sound
        frame = scope.of(block.id, error=error)
        blocks.append(_Preparation(block, of_block, frame, context, failing).prepared)
        nodes.append(Node(block.id, of_block.edges, frame.mentions, frame.required))
    return Body(blocks, link(nodes, context.faults) if sound else {})


class _Preparation:
    """Prepares one block."""

    def __init__(self, draft: DraftBlock, explicit: Explicit, frame: Frame, context: Context, failing: bool) -> None:
        self._draft = draft
        self._definition = draft.definition
        self._frame = frame
        self._context = context
        self._failing = failing
        self.prepared = prepared = Prepared(draft, explicit)
        check_effects(draft, context.faults, failing=failing)
        if self._definition.when is not None:
            at = (*draft.path, "when")
            entry_of(CONDITION, at, context)
            prepared.when = expression_config(self._definition.when, at, frame, context)
        inner = self._for_each() if self._definition.for_each else frame
        self._own(inner)
        if self._definition.compensate and draft.definition.type not in {LOOP, GROUP, DELAY, WAIT}:
            self._undo(inner)

    def _for_each(self) -> Frame:
        """Read the items; what is seen from the scope of one."""
        for_each = self._definition.for_each
        if for_each is None or self._definition.type in {LOOP, GROUP}:
            return self._frame
        at = (*self._draft.path, "for_each", "items")
        faults = self._context.faults
        steering.check_for_each(for_each, self._draft, faults)
        self.prepared.items = steering.read_items(for_each.items, at, for_each.max_items, self._frame, faults)
        itself = DraftBody(known={self._draft.id: self._draft})
        return Frame(itself, owner=self._draft.id, item=for_each.as_, index=True, outer=self._frame)

    def _own(self, frame: Frame) -> None:
        """Read what the block itself does."""
        draft, context, prepared = self._draft, self._context, self.prepared
        match self._definition.type:
            case "loop":
                self._loop(frame)
            case "group":
                prepared.config = steering.read_group(draft, context)
                prepared.body = prepare(Frame(draft.body or DraftBody(), outer=frame), context, failing=self._failing)
            case "delay":
                prepared.config = steering.read_delay(draft, frame, context)
            case "wait":
                prepared.config = steering.read_wait(draft, frame, context)
            case "workflow":
                prepared.config = steering.read_workflow(draft, frame, context)
            case "script":
                if program := read_script(draft, frame, context):
                    prepared.script, prepared.config = program
            case type_:
                given = "config" in self._definition.model_fields_set
                prepared.config = read_config(type_, self._definition.config, draft.path, frame, context, given=given)
                entry = context.catalogue.get(type_)
                if entry and entry.responds and frame.goes_round:
                    message = f"{shown(type_)} replies to the one who started the run, so it can't stand in a loop"
                    context.faults.add(
                        (*draft.path, "type"), "definition.invalid", f"{message}; put it behind the loop"
                    )

    def _loop(self, frame: Frame) -> None:
        draft, context, prepared = self._draft, self._context, self.prepared
        scope = Frame(draft.body or DraftBody(), index=True, outer=frame)
        prepared.round = found = steering.read_loop(draft, context)
        if found is None:
            # Whatever can be seen in some loop, so that nothing is called unknown that may be there.
            prepare(
                replace(scope, item=_called(self._definition.config), previous=True), context, failing=self._failing
            )
            return
        at = (*draft.path, "config", found.over)
        if found.condition is None:
            limit = found.model.max_iterations
            prepared.config = steering.read_items(found.model.items, at, limit, frame, context.faults)
            scope = replace(scope, item=found.model.as_)
        else:
            scope = replace(scope, previous=True)
            entry_of(CONDITION, at, context)
            asked = replace(scope, early=_EARLY) if found.over == "while" else scope
            prepared.condition = expression_config(found.condition, at, asked, context)
        prepared.body = prepare(scope, context, failing=self._failing)

    def _undo(self, frame: Frame) -> None:
        """Read what undoes the block."""
        compensate = self._definition.compensate
        if compensate is None:
            return
        at = (*self._draft.path, "compensate")
        if compensate.type in STEERING:
            message = f"what undoes a block is one task of an executor, so it can't be a {shown(compensate.type)}"
            self._context.faults.add((*at, "type"), "definition.invalid", message)
            return
        given = "config" in compensate.model_fields_set
        self.prepared.undo = read_config(
            compensate.type, compensate.config, at, frame.to_undo(), self._context, given=given
        )


def _called(config: Any) -> str:
    name = config.get("as") if isinstance(config, dict) else None
    return name if isinstance(name, str) else "item"
