"""Typed steps as native blocks, each waiting for the one before it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from gnatwork_engine.compiler.dialects import scripts
from gnatwork_engine.compiler.dialects.naming import free_id
from gnatwork_engine.compiler.dialects.placed import Placed, made, sent
from gnatwork_engine.compiler.dialects.texts import rewritten
from gnatwork_engine.compiler.dialects.typed_names import Shape, TypedNames
from gnatwork_engine.compiler.dialects.typed_reading import (
    BRANCHES,
    CONDITIONAL,
    HTTP_REQUEST,
    LOOP,
    STEP_KEYS,
    Scope,
    Step,
)
from gnatwork_engine.compiler.dialects.typed_work import work
from gnatwork_engine.compiler.faults import Faults, shown

#: How deep conditionals may lead to each other.
_MAX_DEPTH = 64


def shapes_of(scope: Scope) -> Mapping[str, Shape]:
    """In what form the outputs of a scope's steps are read, by id."""
    return {id_: shape_of(step) for id_, step in scope.known.items()}


def shape_of(step: Step) -> Shape:
    """Likewise of a step; where it has a fallback, the one that stands for both has that form natively."""
    return Shape() if step.fallback else _own_shape(step)


def _own_shape(step: Step) -> Shape:
    if step.type == LOOP and step.body:
        return Shape(inside={last.id: shape_of(last) for last in _last(step.body.steps)})
    return Shape(answer=step.type == HTTP_REQUEST)


def _last(steps: Sequence[Step]) -> Iterator[Step]:
    """The steps that nothing else in a list comes after, in one of its branches."""
    pending = list(steps[-1:])
    while pending:
        step = pending.pop()
        ends = [branch[-1] for branch in step.branches.values() if branch]
        pending.extend(reversed(ends))
        if not ends:
            yield step


class Flow:
    """The blocks of one scope."""

    def __init__(self, scope: Scope, names: TypedNames, faults: Faults) -> None:
        """Begin with nothing.

        Args:
            scope: The steps.
            names: What can be mentioned around it.
            faults: Takes the mistakes.
        """
        self._earlier = list(names.earlier)
        #: What can be mentioned behind the last step that was added.
        self.names = replace(names, shapes={**names.shapes, **shapes_of(scope)}, earlier=self._earlier)
        self._faults = faults
        self._taken = set(scope.known)
        self._blocks: list[Placed] = []
        self._sequence(scope.steps, (), 0)

    @property
    def blocks(self) -> list[Placed]:
        """All that the steps are made of."""
        return self._blocks

    def _sequence(self, steps: Sequence[Step], needs: tuple[str, ...], depth: int) -> tuple[str, ...]:
        """Add steps; what the one behind them needs."""
        for step in steps:
            step.fields.only(*STEP_KEYS)
            if step.type != CONDITIONAL:
                needs = self._step(step, needs)
            elif depth < _MAX_DEPTH:
                needs = self._conditional(step, needs, depth)
            else:
                message = f"conditionals lead to each other at most {_MAX_DEPTH} deep; make it flatter"
                self._faults.add(step.path, "definition.too_large", message)
        return needs

    def _conditional(self, step: Step, needs: tuple[str, ...], depth: int) -> tuple[str, ...]:
        config = step.config
        config.only("condition", *BRANCHES)
        condition, at = config.get("condition"), config.at("condition")
        if condition is None:
            config.wrong("condition", f"{shown('condition')} is missing")
        if isinstance(condition, str):
            condition = scripts.expression(condition, at, self.names, self._faults)
        asked = made({"if": made(False if condition is None else condition, at)}, config.path)
        self._add(step, step.id, {"type": made("condition", step.fields.at("type")), "config": asked}, needs)
        self._earlier.append(step.id)
        behind: tuple[str, ...] = (step.id,)
        for key, port in zip(BRANCHES, ("true", "false"), strict=True):
            if branch := step.branches[key]:
                # Whichever was not taken is skipped, which keeps nothing behind it from running.
                behind += self._sequence(branch, (f"{step.id}.{port}",), depth + 1)
        return behind

    def _step(self, step: Step, needs: tuple[str, ...]) -> tuple[str, ...]:
        native = self._loop(step) if step.type == LOOP else work(step, self.names, self._faults)
        if step.fallback is None:
            self._add(step, step.id, native, needs)
        else:
            self._with_fallback(step, step.fallback, native, needs)
        self._earlier.append(step.id)
        return (step.id,)

    def _with_fallback(self, step: Step, fallback: Step, native: dict[str, Any], needs: tuple[str, ...]) -> None:
        """The step under another id, its fallback as a group behind its error, and what came of both under its own."""
        first = free_id(f"{step.id}-try", self._taken)
        self._taken.add(first)
        self._add(step, first, native, needs)
        fallback.fields.only(*STEP_KEYS)
        fallback.config.only("for", "steps")
        inner = Flow(fallback.body or Scope(), replace(self.names, error=True), self._faults)
        group = {"type": made("group", fallback.fields.at("type")), "blocks": made(inner.blocks, fallback.config.path)}
        self._add(fallback, fallback.id, group, (f"{first}.error",))
        last = fallback.body.steps[-1] if fallback.body and fallback.body.steps else None
        shape = shape_of(last) if last else Shape()
        tried = _own_shape(step).script(scripts.block(first))
        instead = shape.script(f"Object.values({scripts.block(fallback.id)} ?? {{}}).at(-1)")
        either = {"type": "transform", "join": "any", "config": {"expression": f"{tried} ?? {instead}"}}
        self._add(step, step.id, either, (first, fallback.id))

    def _loop(self, step: Step) -> dict[str, Any]:
        config = step.config
        config.only("items", "itemVariable", "maxIterations", "steps")
        # One after the other, as one reads it.
        native: dict[str, Any] = {"concurrency": 1}
        if "items" in config:
            at = config.at("items")
            native["items"] = sent(rewritten(config.get("items"), at, self.names, self._faults), at)
        for key, called in (("itemVariable", "as"), ("maxIterations", "max_iterations")):
            if key in config:
                native[called] = sent(config.get(key), config.at(key))
        item = config.get("itemVariable")
        names = replace(self.names, items=self.names.items | {item if isinstance(item, str) else "item"})
        inner = Flow(step.body or Scope(), names, self._faults)
        return {
            "type": made(LOOP, step.fields.at("type")),
            "config": made(native, config.path),
            "blocks": made(inner.blocks, config.at("steps")),
        }

    def _add(self, step: Step, id_: str, native: Mapping[str, Any], needs: tuple[str, ...]) -> None:
        block: dict[str, Any] = {"id": sent(id_, step.fields.at("id"))}
        if "name" in step.fields:
            block["name"] = sent(step.fields.get("name"), step.fields.at("name"))
        block |= native
        if needs:
            block["needs"] = list(needs)
        self._blocks.append(made(block, step.path))
