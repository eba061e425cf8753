"""The addresses that webhooks choose: a method and a path, which belong to one trigger of the whole installation.

A reservation is written before the document of the workflow that gains an address, and removed after the document
has lost it. So whatever dies in between leaves a reservation too many, never one too few. One that nobody has made
use of can be taken over: first its owner's document is written anew as it is, so that an owner who is only slow finds
that someone was there, and asks again.
"""

import contextlib
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from gnatwork_bus.kv import Bucket
from gnatwork_manager.problems import ProblemError
from gnatwork_schemas import subjects
from gnatwork_schemas.errors import ConflictError
from gnatwork_schemas.problem import Fault
from gnatwork_schemas.triggers import WebhookTrigger
from gnatwork_schemas.workflow import HookPath, StoredWorkflow

#: Seconds for which a reservation holds although its owner's document does not have the address yet.
_GRACE = 10.0
#: Seconds for which it shows that a document is gone.
_MARKER_TTL = 86_400.0
#: Times that a reservation is tried while others want the same address.
_ATTEMPTS = 10

#: A method and a path.
Address = tuple[str, str]
Result = TypeVar("Result")


def addresses(workflow: StoredWorkflow) -> Mapping[Address, str]:
    """The addresses that the webhooks of a workflow have chosen, with the ids of their triggers.

    A webhook that is switched off keeps its address. Raises ProblemError `trigger.path_taken` when two want the same.
    """
    found: dict[Address, str] = {}
    for id_, trigger in workflow.triggers().items():
        if not isinstance(trigger, WebhookTrigger) or trigger.path is None:
            continue
        address = (trigger.method, trigger.path)
        if address in found:
            raise _taken(workflow, id_, address, f"by the trigger `{found[address]}` of this workflow")
        found[address] = id_
    return found


@dataclass(frozen=True, kw_only=True, slots=True)
class HookPaths:
    """The reservations, in the state bucket."""

    state: Bucket

    async def moving(
        self, namespace: str, before: StoredWorkflow, after: StoredWorkflow, write: Callable[[], Awaitable[Result]]
    ) -> Result:
        """Have `write` replace the document `before` by `after`, on the condition that nobody else does.

        Raises ProblemError `trigger.path_taken` when an address that it gains is another's, ConflictError when that
        can't be told at this moment, and whatever `write` raises.
        """
        had, wanted = addresses(before), addresses(after)
        for address, trigger in wanted.items():
            if had.get(address) != trigger:
                await self._take(namespace, after, trigger, address)
        # What is read before the write and has not changed after it was not taken again in between.
        losing = {key: await self.state.get(key) for key in (_key(one) for one in had if one not in wanted)}
        result = await write()
        for key, entry in losing.items():
            if entry and _is_of(HookPath.model_validate_json(entry.value), namespace, before):
                with contextlib.suppress(ConflictError):
                    await self.state.delete(key, revision=entry.revision, ttl=_MARKER_TTL)
        return result

    async def _take(self, namespace: str, workflow: StoredWorkflow, trigger: str, address: Address) -> None:
        """Write the reservation, even where it is ours already: then nobody who is about to remove it does."""
        method, path = address
        for _ in range(_ATTEMPTS):
            entry, revision = await self.state.find(_key(address))
            held = HookPath.model_validate_json(entry.value) if entry else None
            if held and not _is_of(held, namespace, workflow) and not await self._is_left_over(held):
                owner = f"by the workflow `{held.workflow}`" if held.namespace == namespace else "in another namespace"
                raise _taken(workflow, trigger, address, owner)
            ours = HookPath(
                method=method,
                path=path,
                namespace=namespace,
                workflow=workflow.name,
                trigger=trigger,
                taken_at=round(time.time(), 3),
            )
            with contextlib.suppress(ConflictError):
                await self.state.update(_key(address), ours.model_dump_json().encode(), revision)
                return
        raise ConflictError(f"many want {method} {path} at this moment")

    async def _is_left_over(self, held: HookPath) -> bool:
        """Whether its owner has no use for it, and will have none without asking for it again."""
        if abs(time.time() - held.taken_at) < _GRACE:
            return False
        key = subjects.workflow_key(held.namespace, held.workflow)
        entry, revision = await self.state.find(key)
        if entry and (held.method, held.path) in addresses(StoredWorkflow.model_validate_json(entry.value)):
            return False
        try:
            if entry:
                await self.state.update(key, entry.value, revision)
            else:
                await self.state.delete(key, revision=revision, ttl=_MARKER_TTL)
        except ConflictError:
            return False
        return True


def _key(address: Address) -> str:
    return subjects.hook_key(*address)


def _is_of(held: HookPath, namespace: str, workflow: StoredWorkflow) -> bool:
    return (held.namespace, held.workflow) == (namespace, workflow.name)


def _taken(workflow: StoredWorkflow, trigger: str, address: Address, by: str) -> ProblemError:
    """The refusal, with a pointer into the definition, or into the trigger that was sent alone."""
    place = next((f"/triggers/{n}/path" for n, one in enumerate(workflow.defined) if one.id == trigger), "/path")
    message = f"{address[0]} {address[1]} is taken {by}"
    fault = Fault(pointer=place, code="trigger.path_taken", message=message)
    return ProblemError("trigger.path_taken", message, errors=(fault,))
