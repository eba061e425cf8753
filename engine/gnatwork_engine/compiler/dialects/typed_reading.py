"""Typed steps as they were sent: in their order, with the branches, bodies and fallbacks that belong to them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from gnatwork_engine.compiler.dialects.fields import CONFIG_INVALID, INVALID, Fields
from gnatwork_engine.compiler.faults import Faults, shown, suggestion
from gnatwork_engine.json_tree import Path, to_pointer

CONDITIONAL, LOOP, ERROR_HANDLER, FALLBACK = "conditional", "loop", "error_handler", "fallback"
HTTP_REQUEST, CUSTOM_CODE, TRANSFORM, DELAY = "http_request", "custom_code", "transform", "delay"

STEP_KEYS = ("id", "type", "position", "name", "config")
BRANCHES = ("trueSteps", "falseSteps")
#: What is not run in its place among the others.
_APART = frozenset({ERROR_HANDLER, FALLBACK})
_HOLDING = frozenset({LOOP, ERROR_HANDLER, FALLBACK})
_OURS = _HOLDING | {CONDITIONAL, HTTP_REQUEST, CUSTOM_CODE, TRANSFORM, DELAY}


@dataclass(slots=True, eq=False)
class Step:
    """A step, and what belongs to it."""

    id: str
    type: str
    fields: Fields
    config: Fields
    #: Of a conditional, by key.
    branches: dict[str, "list[Step]"] = field(default_factory=dict)
    #: What a loop, a handler or a fallback holds.
    body: "Scope | None" = None
    #: What runs in its place when it fails.
    fallback: "Step | None" = None

    @property
    def path(self) -> Path:
        """Where it stands."""
        return self.fields.path


@dataclass(slots=True)
class Scope:
    """A list of steps, and those that are written inside the conditionals of it."""

    #: What runs one after the other.
    steps: list[Step] = field(default_factory=list)
    handlers: list[Step] = field(default_factory=list)
    #: All of them, by id.
    known: dict[str, Step] = field(default_factory=dict)


def read_scope(entries: Sequence[Any], at: Path, faults: Faults, *, outermost: bool = False) -> Scope:
    """The steps of a list that stands at a place; mistakes become faults."""
    return _Reader(faults, outermost).scope(entries, at)


class _Reader:
    """Reads one scope."""

    def __init__(self, faults: Faults, outermost: bool) -> None:
        self._faults = faults
        self._outermost = outermost
        self._scope = Scope()
        #: Steps of the list by id, and those that run as part of another, with the place that says so.
        self._list: dict[str, Step] = {}
        self._taken: dict[Step, Path] = {}

    def scope(self, entries: Sequence[Any], at: Path) -> Scope:
        ordered = self._read(entries, at)
        self._list = {step.id: step for step in ordered}
        for step in ordered:
            self._connect(step)
        for step in list(self._scope.known.values()):
            if step.type == FALLBACK:
                self._attach(step)
        handlers = [step for step in ordered if step.type == ERROR_HANDLER]
        self._scope.handlers = handlers
        self._scope.steps = [step for step in ordered if step not in self._taken and step.type not in _APART]
        self._check_handlers(ordered, handlers)
        self._check_reached(ordered)
        return self._scope

    def _read(self, entries: Sequence[Any], at: Path) -> list[Step]:
        """Steps in the order of their positions."""
        steps = [step for index, entry in enumerate(entries) if (step := self._step(entry, (*at, index))) is not None]
        if not any("position" in step.fields for step in steps):
            return steps
        places: dict[float, Step] = {}
        for step in steps:
            position = step.fields.get("position")
            if not isinstance(position, int | float) or isinstance(position, bool):
                step.fields.wrong("position", "`position` is a number, and all steps of a list have one, or none has")
            elif position in places:
                step.fields.wrong("position", f"{shown(places[position].id)} has this position already")
            else:
                places[position] = step
        return [places[position] for position in sorted(places)]

    def _step(self, entry: Any, at: Path) -> Step | None:
        fields = Fields(entry, at, self._faults, "a step")
        id_, type_ = fields.needed("id"), fields.needed("type")
        if id_ is None or type_ is None:
            return None
        value = fields.get("config")
        ours = type_ in _OURS
        given: Any = value if ours and value is not None else {}
        config = Fields(given, fields.at("config"), self._faults, f"the config of a `{type_}`", CONFIG_INVALID)
        step = Step(id_, type_, fields, config)
        if other := self._scope.known.get(id_):
            message = f"{shown(id_)} is the id of {to_pointer(other.path)} already"
            self._faults.add(fields.at("id"), "definition.duplicate_id", message)
        self._scope.known[id_] = step
        if type_ in _HOLDING:
            step.body = read_scope(config.objects("steps"), config.at("steps"), self._faults)
        return step

    def _connect(self, step: Step) -> None:
        """Find the steps of the branches of a conditional."""
        if step.type != CONDITIONAL:
            return
        for key in BRANCHES:
            branch: list[Step] = []
            for index, entry in enumerate(step.config.objects(key)):
                at = (*step.config.at(key), index)
                if not isinstance(entry, str):
                    branch += self._inline(entry, at)
                elif (found := self._list.get(entry)) is None:
                    near = suggestion(entry, self._list)
                    self._faults.add(at, INVALID, f"there is no step {shown(entry)} beside this one{near}")
                elif found in self._taken:
                    message = f"{shown(entry)} is run by {to_pointer(self._taken[found])} already"
                    self._faults.add(at, INVALID, message)
                else:
                    self._taken[found] = at
                    branch.append(found)
            step.branches[key] = [one for one in branch if one.type not in _APART]

    def _inline(self, entry: Any, at: Path) -> Iterator[Step]:
        if (step := self._step(entry, at)) is None:
            return
        if "position" in step.fields:
            step.fields.wrong("position", "steps inside of a conditional run in the order in which they stand there")
        if step.type == ERROR_HANDLER:
            self._misplaced(step)
        self._connect(step)
        yield step

    def _attach(self, step: Step) -> None:
        """Find the step that a fallback is for."""
        id_ = step.config.needed("for")
        if id_ is None:
            return
        target = self._scope.known.get(id_)
        if target is None:
            near = suggestion(id_, self._scope.known)
            step.config.wrong("for", f"there is no step {shown(id_)} beside this one{near}")
        elif target.type in {CONDITIONAL, *_APART}:
            step.config.wrong("for", f"{shown(id_)} is a `{target.type}`, which has no fallback")
        elif target.fallback:
            step.config.wrong("for", f"{shown(target.fallback.id)} is the fallback of {shown(id_)} already")
        else:
            target.fallback = step

    def _check_handlers(self, ordered: Sequence[Step], handlers: Sequence[Step]) -> None:
        for step in handlers:
            if not self._outermost:
                self._misplaced(step)
        if handlers and self._outermost:
            behind = ordered[ordered.index(handlers[0]) :]
            after = next((step for step in behind if step not in self._taken and step.type not in _APART), None)
            if after:
                message = f"{shown(after.id)} comes after it, but it handles what fails in any step; put it at the end"
                handlers[0].fields.wrong("position", message)

    def _misplaced(self, step: Step) -> None:
        step.fields.wrong("type", "an `error_handler` stands among the steps of the workflow itself, at their end")

    def _check_reached(self, ordered: Sequence[Step]) -> None:
        """Conditionals must not name each other in a circle."""
        pending = list(self._scope.steps)
        reached = set(pending)
        while pending:
            inner = [one for branch in pending.pop().branches.values() for one in branch]
            reached.update(inner)
            pending.extend(inner)
        for step in ordered:
            if step not in reached and step.type not in _APART:
                message = f"{shown(step.id)} is part of a branch that it leads to itself, so it could never start"
                self._faults.add(self._taken.get(step, step.path), "definition.cycle", message)
