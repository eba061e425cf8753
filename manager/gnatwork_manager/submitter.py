"""Submissions: check, store what the run needs, begin it. Nothing is stored before all checks have passed."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, replace

from gnatwork_bus.connection import Connection
from gnatwork_bus.history import History
from gnatwork_bus.payloads import Payloads
from gnatwork_engine.compiler import check_input
from gnatwork_manager.claims import Claim, ClaimKind, Claims, HeldClaim
from gnatwork_manager.definitions import Compiled, Definitions
from gnatwork_manager.index.feed import RunIndex
from gnatwork_manager.orders import CopiedInput, NewRun, Order, Stored, begin_at, given_input
from gnatwork_manager.problems import ProblemError
from gnatwork_manager.run_ids import new_run_id
from gnatwork_manager.store_guard import StoreGuard
from gnatwork_manager.submission import StoredSubmission, Submission, merge_labels
from gnatwork_manager.triggers.table import TriggerTable
from gnatwork_manager.workflow_store import Workflows
from gnatwork_schemas import header_names, subjects
from gnatwork_schemas.errors import InputError, UnavailableError
from gnatwork_schemas.payload import PayloadRef

#: What the payloads of a start are called.
_INPUT_PAYLOAD = "input"
_REUSE_PAYLOAD = "reuse"


@dataclass(frozen=True, kw_only=True, slots=True)
class Caller:
    """What a submission has beside its body."""

    namespace: str
    idempotency_key: str | None = None
    #: Whether someone chose that key, or a trigger named one of its occurrences.
    kind: ClaimKind = "key"
    traceparent: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class CheckedRun:
    """A run that may begin; or one that has, because the submission repeats an earlier one."""

    run: NewRun
    base: str
    traceparent: str | None
    #: Where it came under a key.
    held: HeldClaim | None = None

    @property
    def repeated(self) -> bool:
        """Whether the same submission came before."""
        return self.held is not None and self.held.repeated

    @property
    def responses(self) -> tuple[str, ...]:
        """Blocks whose output is the reply to a waiting caller."""
        return self.run.order.responses


@dataclass(frozen=True, kw_only=True, slots=True)
class Submitter:
    """Begins runs."""

    connection: Connection
    history: History
    payloads: Payloads
    claims: Claims
    definitions: Definitions
    workflows: Workflows
    table: TriggerTable
    index: RunIndex
    guard: StoreGuard

    def check_room(self) -> None:
        """Raises ProblemError `engine.unavailable`, `engine.store_full` while nothing can begin."""
        if not self.connection.is_connected:
            raise ProblemError("engine.unavailable", "NATS is not connected")
        self.guard.check()

    async def order(self, submission: Submission) -> Order:
        """What a submitted definition asks for; ProblemError, DefinitionError, InputError."""
        compiled = await self.definitions.compile(submission.definition, submission.pointer)
        order = _order(compiled, submission)
        await self.definitions.store(compiled)
        return order

    async def order_stored(self, namespace: str, submission: StoredSubmission) -> Order:
        """What the submission of a stored workflow asks for; ProblemError, InputError."""
        known = self.table.published(namespace, submission.name) if submission.version is None else None
        # Another manager may have published it for the first time a moment ago.
        number, version = known or await self.workflows.version(namespace, submission.name, submission.version)
        return await self.order_version(number, version.control_block, submission)

    async def order_version(self, number: int, control_block: str, submission: StoredSubmission) -> Order:
        """What the submission of a version asks for whose control block is known; ProblemError, InputError."""
        compiled = await self.definitions.stored(control_block)
        return replace(_order(compiled, submission), workflow=submission.name, version=number)

    async def accept(self, order: Order, caller: Caller) -> CheckedRun:
        """The run that an order makes, or has made when its idempotency key came before; ProblemError."""
        key = caller.idempotency_key
        given = key if caller.kind == "key" else None
        run = NewRun(run_id=new_run_id(), namespace=caller.namespace, order=order, idempotency_key=given)
        held = None
        if key is not None:
            held = await self.claims.take(caller.namespace, key, Claim(run.run_id, order.digest()), caller.kind)
            run = replace(run, run_id=held.claim.run_id)
        return CheckedRun(
            run=run,
            base=subjects.history_base(self.history.shard(run.run_id), run.namespace, order.workflow, run.run_id),
            traceparent=caller.traceparent,
            held=held,
        )

    async def begin(self, checked: CheckedRun) -> bool:
        """Append the start and return once it is stored; False for a run that has begun already and stays as it is.

        One that has begun under its key does not begin again where it has been deleted since.
        Raises ProblemError when NATS does not say so in time: then the run may or may not begin.
        """
        run, held = checked.run, checked.held
        if held and held.repeated:
            if held.claim.begun:
                return False
            if await self.history.find_start(run.namespace, run.run_id):
                self.claims.note_begun(held)
                return False
        headers: Mapping[str, str] = {header_names.TRACEPARENT: checked.traceparent} if checked.traceparent else {}
        created_at = round(time.time(), 6)
        try:
            stored = Stored(await self._store_input(run), await self._store_reuse(run))
            if not await self.history.begin(checked.base, run.start_event(stored), headers):
                # The same submission came twice at once and the other one was faster.
                return False
        except UnavailableError as error:
            detail = (
                f"run {run.run_id} may have begun all the same ({error.detail}); an idempotency key makes retries safe"
            )
            raise ProblemError("engine.unavailable", detail) from error
        if held:
            self.claims.note_begun(held)
        self.index.add(run.summary(created_at))
        return True

    async def _store_input(self, run: NewRun) -> PayloadRef | None:
        given = run.order.input
        if isinstance(given, CopiedInput):
            return await self.payloads.copy(run.namespace, given.run_id, run.run_id, given.reference)
        return await self.payloads.put(run.namespace, run.run_id, given.json, _INPUT_PAYLOAD) if given.apart else None

    async def _store_reuse(self, run: NewRun) -> PayloadRef | None:
        data = run.reuse_json()
        return await self.payloads.put(run.namespace, run.run_id, data, _REUSE_PAYLOAD) if data else None


def _order(compiled: Compiled, submission: Submission | StoredSubmission) -> Order:
    control_block = compiled.control_block
    given = given_input(submission.input)
    if faults := check_input(control_block, submission.input):
        raise InputError(faults)
    return Order(
        workflow=control_block.workflow,
        control_block=compiled.digest,
        responses=compiled.responses,
        input=given,
        labels=merge_labels(control_block.labels, submission.labels),
        digest=submission.digest,
        at=begin_at(submission.at, time.time()),
    )
