"""The links of a step graph: who comes before whom, and what is wrong with that."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from gnatwork_engine.compiler.dialects.fields import INVALID, Fields
from gnatwork_engine.compiler.faults import Faults, shown, suggestion
from gnatwork_engine.json_tree import Path, to_pointer

TRIGGER, ACTION = "TRIGGER", "ACTION"


@dataclass(slots=True, eq=False)
class Step:
    """A step of the graph."""

    id: str
    #: `TRIGGER` or `ACTION`.
    type: str
    fields: Fields
    #: The ids of those that come next, and where each is named.
    next: Mapping[str, Path]
    #: The actions that come right before it.
    before: list["Step"] = field(default_factory=list)

    @property
    def path(self) -> Path:
        """Where it stands."""
        return self.fields.path


def read_steps(entries: Sequence[Any], faults: Faults) -> dict[str, Step]:
    """The steps by id. Raises DefinitionError if they can't be told apart."""
    steps: dict[str, Step] = {}
    for index, entry in enumerate(entries):
        fields = Fields(entry, ("steps", index), faults, "a step")
        id_, type_, _ = fields.needed("id"), fields.needed("type"), fields.needed("ref")
        if type_ is not None and type_ not in {TRIGGER, ACTION}:
            near = suggestion(type_, (TRIGGER, ACTION))
            fields.wrong("type", f"the `type` of a step is {TRIGGER} or {ACTION}{near}; what it does is its `ref`")
        if id_ is None or type_ is None:
            continue
        if other := steps.get(id_):
            message = f"{shown(id_)} is the id of {to_pointer(other.path)} already"
            faults.add(fields.at("id"), "definition.duplicate_id", message)
        steps[id_] = Step(id_, type_, fields, dict(_next(fields)))
    faults.stop_if_any()
    return steps


def linked(steps: Mapping[str, Step], entry: Step, faults: Faults) -> list[Step]:
    """The actions in an order in which they can run, each knowing those right before it.

    Raises DefinitionError where the links are wrong.
    """
    for step in steps.values():
        for id_, at in step.next.items():
            if id_ not in steps:
                faults.add(at, INVALID, f"there is no step {shown(id_)}{suggestion(id_, steps)}")
            elif steps[id_].type == TRIGGER:
                faults.add(at, INVALID, f"{shown(id_)} is a {TRIGGER}, which only begins; nothing can lead to it")
            elif step.type == ACTION:
                steps[id_].before.append(step)
    faults.stop_if_any()
    _check_begins(steps, entry, faults)
    _check_reached(steps, entry, faults)
    faults.stop_if_any()
    order = _sorted([step for step in steps.values() if step.type == ACTION], steps)
    for step in steps.values():
        if step.type == ACTION and step not in order:
            at = next(iter(step.next.values()), step.path)
            faults.add(at, "definition.cycle", f"{shown(step.id)} leads back to itself, or waits for one that does")
    faults.stop_if_any()
    return list(order)


def _begins(entry: Step) -> list[str]:
    """The ids of the actions that a run begins with."""
    return [entry.id] if entry.type == ACTION else list(entry.next)


def _next(fields: Fields) -> Iterator[tuple[str, Path]]:
    value = fields.get("next")
    entries = value if isinstance(value, list) else [] if value is None else [value]
    for index, id_ in enumerate(entries):
        if isinstance(id_, str):
            yield id_, (*fields.at("next"), index) if isinstance(value, list) else fields.at("next")
        else:
            fields.wrong("next", "`next` is the id of a step, an array of them, or null at the end")


def _check_begins(steps: Mapping[str, Step], entry: Step, faults: Faults) -> None:
    """Whatever starts a run, it begins with the same actions."""
    first = set(_begins(entry))
    if not first:
        faults.add(entry.path, INVALID, f"nothing comes after {shown(entry.id)}; give it a `next`")
    for step in steps.values():
        if step.type == TRIGGER and set(step.next) != first and step is not entry:
            message = f"{shown(step.id)} leads to other steps than {shown(entry.id)}, with which a run begins"
            faults.add(step.fields.at("next"), INVALID, f"{message}; make another workflow of it")


def _check_reached(steps: Mapping[str, Step], entry: Step, faults: Faults) -> None:
    pending = _begins(entry)
    reached = set(pending)
    while pending:
        new = [id_ for id_ in steps[pending.pop()].next if id_ not in reached]
        reached.update(new)
        pending.extend(new)
    for step in steps.values():
        if step.type == ACTION and step.id not in reached:
            message = f"nothing leads to {shown(step.id)}; name it in the `next` of a step, or remove it"
            faults.add(step.path, INVALID, message)


def _sorted(actions: Sequence[Step], steps: Mapping[str, Step]) -> dict[Step, None]:
    """The actions, each after all before it, else in the order in which they were sent."""
    waiting = {step: len(step.before) for step in actions}
    ready = [step for step in actions if not waiting[step]]
    for step in ready:  # grows while it is read
        for id_ in step.next:
            waiting[steps[id_]] -= 1
            if not waiting[steps[id_]]:
                ready.append(steps[id_])
    return dict.fromkeys(ready)
