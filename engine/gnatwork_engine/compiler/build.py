"""Blocks that are prepared, as a control block has them."""

from collections.abc import Collection, Iterator, Mapping
from types import MappingProxyType
from typing import Any

from gnatwork_engine.compiler.configs import Config
from gnatwork_engine.compiler.context import Context
from gnatwork_engine.compiler.prepare import Body, Prepared
from gnatwork_engine.compiler.routes import CONDITION, routes_of
from gnatwork_schemas.control_block import ControlledBlock, Kind, Loop, Need
from gnatwork_schemas.definition import Retry
from gnatwork_schemas.steering import SCRIPT, STEERING, WORKFLOW

#: How a condition is tried again that the compiler has made: nobody can say otherwise.
_CONDITION_RETRY = Retry(max_attempts=3)
#: The place of what belongs to a loop, not to the blocks around it.
_NOWHERE: Mapping[str, Any] = MappingProxyType({})


def controlled(body: Body, context: Context) -> tuple[ControlledBlock, ...]:
    """The blocks of a body, each `when` ahead of its block."""
    conditional = {prepared.draft.id for prepared in body.blocks if prepared.when}
    return tuple(
        block
        for prepared in body.blocks
        for block in _with_when(prepared, _needs(prepared, body, conditional), context)
    )


def _needs(prepared: Prepared, body: Body, conditional: Collection[str]) -> tuple[Need, ...]:
    """What a block waits for, conditions of steps included.

    A step is passed over if its `when` does not hold: the next one has a need left that is met.
    """
    needs, before = body.needs[prepared.draft.id], prepared.explicit.before
    if before in conditional and prepared.draft.definition.join == "all":
        return (*needs, Need(block=f"{before}:when"))
    return needs


def _with_when(prepared: Prepared, needs: tuple[Need, ...], context: Context) -> Iterator[ControlledBlock]:
    definition = prepared.draft.definition
    placed: dict[str, Any] = {"needs": needs, "join": definition.join, "handles": prepared.explicit.handles}
    if prepared.when:
        id_ = f"{definition.id}:when"
        yield _condition(id_, prepared.when, context, {**placed, "lane": definition.priority})
        placed |= {"needs": (Need(block=id_, port="true"),), "join": "all"}
    placed |= {"on_error": definition.on_error}
    if not definition.for_each:
        yield _block(prepared, context, placed)
        return
    each = definition.for_each
    items = prepared.items or Config([])
    yield ControlledBlock(
        id=definition.id,
        type=definition.type,
        kind="each",
        config=items.config,
        templates=items.templates,
        lane=definition.priority,
        # Which port it takes means nothing to anyone: there is none beside it.
        blocks=(_block(prepared, context, {}).model_copy(update={"routes": None}),),
        loop=Loop(concurrency=each.concurrency, max_iterations=each.max_items, on_error=each.on_error),
        **placed,
    )


def _block(prepared: Prepared, context: Context, placed: dict[str, Any]) -> ControlledBlock:
    """The block itself, with its place among the others."""
    definition = prepared.draft.definition
    type_ = definition.type
    fields: dict[str, Any] = {
        "id": definition.id,
        "type": type_,
        "config": prepared.config.config,
        "templates": prepared.config.templates,
        "compensate": _undo(prepared, context),
        **placed,
    }
    if type_ not in STEERING:
        entry = context.catalogue[type_]
        return ControlledBlock(
            **fields,
            retry=definition.retry or context.retry,
            timeout=definition.timeout,
            idempotent=definition.idempotent,
            lane=definition.priority,
            responds=entry.responds,
            routes=routes_of(type_, context.catalogue),
            type_concurrency=entry.concurrency,
            plain=entry.plain,
        )
    kind: Kind = type_  # type: ignore[assignment]  # the names of steering types are kinds
    if type_ == WORKFLOW:
        fields["retry"] = definition.retry or context.retry
        fields["patience"] = definition.timeout if "timeout" in definition.model_fields_set else None
    elif type_ == SCRIPT:
        fields |= {"script": prepared.script, "timeout": definition.timeout, "lane": definition.priority}
    return ControlledBlock(
        **fields,
        kind=kind,
        blocks=controlled(prepared.body, context) if prepared.body else (),
        loop=_loop(prepared, context),
    )


def _loop(prepared: Prepared, context: Context) -> Loop | None:
    found = prepared.round
    if found is None:
        return None
    by_item = prepared.condition is None
    return Loop(
        over=found.over,
        concurrency=found.model.concurrency if by_item else 1,
        max_iterations=found.model.max_iterations,
        on_error=found.model.on_error,
        condition=_condition(f":{found.over}", prepared.condition, context) if prepared.condition else None,
    )


def _condition(id_: str, config: Config, context: Context, placed: Mapping[str, Any] = _NOWHERE) -> ControlledBlock:
    return ControlledBlock(
        id=id_,
        type=CONDITION,
        config=config.config,
        templates=config.templates,
        retry=_CONDITION_RETRY,
        routes="port",
        type_concurrency=context.catalogue[CONDITION].concurrency,
        **placed,
    )


def _undo(prepared: Prepared, context: Context) -> ControlledBlock | None:
    definition = prepared.draft.definition
    compensate = definition.compensate
    if compensate is None or prepared.undo is None:
        return None
    return ControlledBlock(
        id=f"{definition.id}:undo",
        type=compensate.type,
        config=prepared.undo.config,
        templates=prepared.undo.templates,
        handles=() if definition.for_each else prepared.explicit.handles,
        retry=compensate.retry or context.retry,
        timeout=compensate.timeout,
        idempotent=compensate.idempotent,
        lane=definition.priority,
        type_concurrency=context.catalogue[compensate.type].concurrency,
        plain=context.catalogue[compensate.type].plain,
    )
