"""Runs that are made of an earlier one: `rerun` begins anew with the same input, `retry` goes on where it failed."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

import orjson

from gnatwork_bus.payloads import Payloads
from gnatwork_engine.compiler import check_input
from gnatwork_engine.core.view import completed_tasks
from gnatwork_manager.claims import digest_of
from gnatwork_manager.definitions import Compiled, Definitions
from gnatwork_manager.orders import CopiedInput, GivenInput, Order
from gnatwork_manager.problems import ProblemError, invalid
from gnatwork_manager.reader import RunReader
from gnatwork_manager.run_states import RunStates
from gnatwork_manager.submission import check_fields, parse_version
from gnatwork_manager.workflow_store import Workflows
from gnatwork_schemas.control_block import ControlBlock
from gnatwork_schemas.errors import InputError
from gnatwork_schemas.messages import Complete, Reuse, Start
from gnatwork_schemas.payload import as_reference

#: Which version a retry takes: a number, the one that is published now, or None, the control block of the run itself.
WantedVersion = int | Literal["published"] | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Repeats:
    """Orders that follow from runs. Every method raises ProblemError `run.not_found`."""

    reader: RunReader
    states: RunStates
    payloads: Payloads
    definitions: Definitions
    workflows: Workflows

    async def rerun(self, namespace: str, run_id: str) -> Order:
        """The same control block with the same input and labels."""
        start = Start.model_validate_json((await self.reader.start(namespace, run_id)).data)
        compiled = await self.definitions.stored(start.control_block)
        return _order(run_id, start, compiled, lambda: digest_of(["rerun", run_id]))

    async def retry(self, namespace: str, run_id: str, wanted: WantedVersion) -> Order:
        """The same once more, without the tasks that completed; ProblemError `run.not_ended`, `run.completed`."""
        async with self.states.loaded(namespace, run_id) as run:
            if not run.state.ended:
                raise ProblemError("run.not_ended", f"run {run_id} goes on")
            if isinstance(run.state.end, Complete):
                raise ProblemError("run.completed", f"run {run_id} has its output")
            start = run.state.start
            completed = await run.look(completed_tasks)
        version, compiled = start.version, await self.definitions.stored(start.control_block)
        if wanted is not None:
            number = None if wanted == "published" else wanted
            version, stored = await self.workflows.version(namespace, start.workflow, number)
            newer = await self.definitions.stored(stored.control_block)
            completed = still_good(completed, compiled.control_block, newer.control_block)
            compiled = newer
            if faults := check_input(newer.control_block, await self._input(namespace, start)):
                raise InputError(faults)
        order = _order(run_id, start, compiled, lambda: digest_of(["retry", run_id, wanted]))
        return replace(order, version=version, retry_of=run_id, reuse=Reuse(run_id=run_id, tasks=completed))

    async def _input(self, namespace: str, start: Start) -> Any:
        reference = as_reference(start.input)
        if reference is None:
            return start.input
        return orjson.loads(await self.payloads.get(namespace, start.run_id, reference))


def parse_retry(value: Any) -> WantedVersion:
    """The version in a request's body `{version?}`: a number, or `published`; raises ProblemError."""
    if not isinstance(value, dict):
        raise invalid("", "the body must be empty or an object")
    check_fields(value, ("version",))
    version = value.get("version")
    return "published" if version == "published" else parse_version(version)


def still_good(completed: Mapping[str, int], before: ControlBlock, now: ControlBlock) -> dict[str, int]:
    """Those of the completed tasks that another control block would run in the same way.

    The block itself must be as it was, with all that is in it, and so must all that it waits for: else its config
    would be rendered from other values.
    """
    earlier = {block.id: block for block in before.blocks}
    changed: set[str] = set()
    pending = {block.id: block for block in now.blocks}
    while stale := [
        name
        for name, block in pending.items()
        if earlier.get(name) != block or any(need.block in changed for need in block.needs)
    ]:
        changed.update(stale)
        for name in stale:
            del pending[name]
    return {path: sequence for path, sequence in completed.items() if path.partition("/")[0] in pending}


def _order(run_id: str, start: Start, compiled: Compiled, digest: Callable[[], str]) -> Order:
    reference = as_reference(start.input)
    given = GivenInput(orjson.dumps(start.input), apart=False)
    return Order(
        workflow=start.workflow,
        control_block=compiled.digest,
        responses=compiled.responses,
        input=given if reference is None else CopiedInput(run_id, reference),
        labels=start.labels,
        digest=digest,
        version=start.version,
    )
