"""Runs that are made of an earlier one: `rerun` begins anew with the same input, `retry` goes on where it failed."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import orjson

from gnatwork_bus.payloads import Payloads
from gnatwork_manager.claims import digest_of
from gnatwork_manager.definitions import Compiled, Definitions
from gnatwork_manager.orders import CopiedInput, GivenInput, Order
from gnatwork_manager.reader import RunReader
from gnatwork_manager.workflow_store import Workflows
from gnatwork_schemas.messages import Start
from gnatwork_schemas.payload import as_reference

#: Which version a retry takes: a number, the one that is published now, or None, the control block of the run itself.
WantedVersion = int | Literal["published"] | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Repeats:
    """Orders that follow from runs. Every method raises ProblemError `run.not_found`."""

    reader: RunReader
    payloads: Payloads
    definitions: Definitions
    workflows: Workflows

    async def rerun(self, namespace: str, run_id: str) -> Order:
        """The same control block with the same input and labels."""
        start = Start.model_validate_json((await self.reader.start(namespace, run_id)).data)
        compiled = await self.definitions.stored(start.control_block)
        return _order(run_id, start, compiled, lambda: digest_of(["rerun", run_id]))


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
