"""Triggers as people change them: added beside the definition of a workflow, switched on and off.

Each change is one write of the workflow's document, on the condition that nobody else has written in between.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

from gnatwork_engine.compiler.faults import Faults
from gnatwork_engine.compiler.triggers import read_trigger
from gnatwork_manager.bodies import encode_bounded
from gnatwork_manager.catalogue import Catalogue
from gnatwork_manager.integrations.brought import Brought
from gnatwork_manager.problems import ProblemError, invalid
from gnatwork_manager.triggers.table import Known, known_of
from gnatwork_manager.versions.conditions import ALWAYS, Condition
from gnatwork_manager.versions.documents import Found, WorkflowDocuments
from gnatwork_schemas.errors import DefinitionError
from gnatwork_schemas.problem import Fault
from gnatwork_schemas.triggers import MAX_TRIGGERS, AnyTrigger
from gnatwork_schemas.workflow import StoredWorkflow


class FoundTrigger(NamedTuple):
    """A trigger as it is stored."""

    known: Known
    #: Of the workflow's document: the ETag.
    revision: int
    #: Whether it was not there before.
    created: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class TriggerStore:
    """The triggers of stored workflows. Every method raises ProblemError `workflow.not_found`."""

    documents: WorkflowDocuments
    catalogue: Catalogue
    brought: Brought

    async def all(self, namespace: str, workflow: str) -> list[Known]:
        """All triggers of a workflow: those of its definition, then those that were added."""
        found = await self.documents.existing(namespace, workflow)
        return list(known_of(namespace, found.workflow).values())

    async def get(self, namespace: str, workflow: str, id_: str) -> FoundTrigger:
        """One trigger; ProblemError `trigger.not_found`."""
        return _found(namespace, await self.documents.existing(namespace, workflow), id_)

    async def add(self, namespace: str, workflow: str, value: Any, condition: Condition = ALWAYS) -> FoundTrigger:
        """Add a trigger; DefinitionError, ProblemError `trigger.exists`, `trigger.path_taken`, `workflow.changed`."""
        trigger = await self._read(value)

        def change(before: StoredWorkflow) -> StoredWorkflow:
            if trigger.id in before.triggers():
                fault = Fault(pointer="/id", code="trigger.exists", message=f"there is a trigger `{trigger.id}`")
                raise ProblemError("trigger.exists", fault.message, errors=(fault,))
            return _with(before, trigger)

        return _found(namespace, await self._change(namespace, workflow, change, condition), trigger.id)._replace(
            created=True
        )

    async def put(
        self, namespace: str, workflow: str, id_: str, value: Any, condition: Condition = ALWAYS
    ) -> FoundTrigger:
        """Add a trigger or replace an added one; raises as `add`, and ProblemError `trigger.defined`."""
        trigger, created = await self._read(_named(id_, value)), False

        def change(before: StoredWorkflow) -> StoredWorkflow:
            nonlocal created
            _must_not_be_defined(before, id_)
            created = id_ not in before.added
            return _with(before, trigger)

        found = await self._change(namespace, workflow, change, condition)
        return _found(namespace, found, id_)._replace(created=created)

    async def remove(self, namespace: str, workflow: str, id_: str, condition: Condition = ALWAYS) -> None:
        """Remove an added trigger; ProblemError `trigger.not_found`, `trigger.defined`, `workflow.changed`."""

        def change(before: StoredWorkflow) -> StoredWorkflow:
            _must_not_be_defined(before, id_)
            if id_ not in before.added:
                raise _not_found(before, id_)
            added = {name: trigger for name, trigger in before.added.items() if name != id_}
            return before.model_copy(update={"added": added})

        await self._change(namespace, workflow, change, condition)

    async def switch(
        self, namespace: str, workflow: str, id_: str, *, on: bool, condition: Condition = ALWAYS
    ) -> FoundTrigger:
        """Switch a trigger on or off, whatever its definition says; ProblemError `trigger.not_found`."""

        def change(before: StoredWorkflow) -> StoredWorkflow:
            trigger = before.triggers().get(id_)
            if trigger is None:
                raise _not_found(before, id_)
            if trigger.enabled is on:
                return before
            return before.model_copy(update={"switched": {**before.switched, id_: on}})

        return _found(namespace, await self._change(namespace, workflow, change, condition), id_)

    async def _change(
        self, namespace: str, name: str, change: Callable[[StoredWorkflow], StoredWorkflow], condition: Condition
    ) -> Found:
        async def decide(found: Found) -> StoredWorkflow:
            if not found.exists:
                raise ProblemError("workflow.not_found", f"there is no workflow `{name}` in namespace {namespace}")
            return change(found.workflow)

        return await self.documents.change(namespace, name, decide, condition)

    async def _read(self, value: Any) -> AnyTrigger:
        # The document that it becomes a part of has to be read again.
        encode_bounded(value, "")
        try:
            return self._compiled(value)
        except DefinitionError as error:
            if not any(fault.code == "trigger.unknown_type" for fault in error.faults):
                raise
        # An executor may have announced the type a moment ago.
        await self.brought.refresh()
        return self._compiled(value)

    def _compiled(self, value: Any) -> AnyTrigger:
        faults = Faults()
        trigger = read_trigger(value, (), faults, self.catalogue.types, self.brought.triggers)
        if trigger is None or faults:
            raise faults.error()
        return trigger


def _named(id_: str, value: Any) -> Any:
    """What was sent, with the id that the address says."""
    if not isinstance(value, dict):
        return value
    if value.get("id", id_) != id_:
        raise invalid("/id", f"the trigger has the id {value['id']!r} and the address says `{id_}`; they must agree")
    return {"id": id_, **value}


def _with(workflow: StoredWorkflow, trigger: AnyTrigger) -> StoredWorkflow:
    """With a trigger, which is on if it says so."""
    added = {**workflow.added, trigger.id: trigger}
    if len({*added, *(one.id for one in workflow.defined)}) > MAX_TRIGGERS:
        raise invalid("", f"a workflow has at most {MAX_TRIGGERS} triggers")
    switched = {id_: on for id_, on in workflow.switched.items() if id_ != trigger.id}
    return workflow.model_copy(update={"added": added, "switched": switched})


def _must_not_be_defined(workflow: StoredWorkflow, id_: str) -> None:
    if any(one.id == id_ for one in workflow.defined):
        raise ProblemError("trigger.defined", f"`{id_}` is in the published definition of `{workflow.name}`")


def _found(namespace: str, found: Found, id_: str) -> FoundTrigger:
    known = known_of(namespace, found.workflow).get(id_)
    if known is None:
        raise _not_found(found.workflow, id_)
    return FoundTrigger(known, found.revision)


def _not_found(workflow: StoredWorkflow, id_: str) -> ProblemError:
    return ProblemError("trigger.not_found", f"the workflow `{workflow.name}` has no trigger `{id_}`")
