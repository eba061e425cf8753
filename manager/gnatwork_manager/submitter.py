"""Submissions: check, store what the run needs, begin it. Nothing is stored before all checks have passed."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, replace

from gnatwork_bus.connection import Connection
from gnatwork_bus.history import History
from gnatwork_bus.kv import Bucket
from gnatwork_bus.payloads import Payloads
from gnatwork_engine.compiler import check_input
from gnatwork_manager.definitions import Definitions
from gnatwork_manager.index.feed import RunIndex
from gnatwork_manager.problems import ProblemError
from gnatwork_manager.run_ids import new_run_id
from gnatwork_manager.store_guard import StoreGuard
from gnatwork_manager.submission import (
    Claim,
    NewRun,
    Submission,
    claim_key,
    input_parts,
    merge_labels,
    parse_claim,
    request_digest,
)
from gnatwork_schemas import subjects
from gnatwork_schemas.errors import ConflictError, InputError, UnavailableError

#: What the payload of a large input is called.
_INPUT_PAYLOAD = "input"


@dataclass(frozen=True, kw_only=True, slots=True)
class Caller:
    """What a submission has beside its body."""

    namespace: str
    idempotency_key: str | None = None
    traceparent: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class CheckedRun:
    """A run that may begin; or one that has, because the submission repeats an earlier one."""

    run: NewRun
    base: str
    #: Blocks whose output is the reply to a waiting caller.
    responses: tuple[str, ...]
    traceparent: str | None
    repeated: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Submitter:
    """Begins runs."""

    connection: Connection
    history: History
    payloads: Payloads
    idempotency: Bucket
    definitions: Definitions
    index: RunIndex
    guard: StoreGuard

    async def check(self, submission: Submission, caller: Caller) -> CheckedRun:
        """All that can be wrong with a submission; raises ProblemError, DefinitionError, InputError."""
        if not self.connection.is_connected:
            raise ProblemError("engine.unavailable", "NATS is not connected")
        self.guard.check()
        compiled = await self.definitions.compile(submission.definition, submission.pointer)
        control_block = compiled.control_block
        input_json, input_apart = input_parts(submission.input)
        if faults := check_input(control_block, submission.input):
            raise InputError(faults)
        await self.definitions.store(compiled)
        run = NewRun(
            run_id=new_run_id(),
            namespace=caller.namespace,
            workflow=control_block.workflow,
            control_block=compiled.digest,
            input_json=input_json,
            input_apart=input_apart,
            labels=merge_labels(control_block.labels, submission.labels),
            idempotency_key=caller.idempotency_key,
        )
        repeated = False
        if caller.idempotency_key is not None:
            claim = Claim(run.run_id, request_digest(submission))
            run_id = await self._claim(claim_key(caller.namespace, caller.idempotency_key), claim)
            run, repeated = replace(run, run_id=run_id), run_id != run.run_id
        return CheckedRun(
            run=run,
            base=subjects.history_base(self.history.shard(run.run_id), run.namespace, run.workflow, run.run_id),
            responses=compiled.responses,
            traceparent=caller.traceparent,
            repeated=repeated,
        )

    async def begin(self, checked: CheckedRun) -> None:
        """Append the start and return once it is stored. A run that has begun already stays as it is.

        Raises ProblemError when NATS does not say so in time: then the run may or may not begin.
        """
        run = checked.run
        if checked.repeated and await self.history.find_start(run.namespace, run.run_id):
            return
        headers: Mapping[str, str] = {subjects.TRACEPARENT: checked.traceparent} if checked.traceparent else {}
        created_at = round(time.time(), 6)
        try:
            reference = None
            if run.input_apart:
                reference = await self.payloads.put(run.namespace, run.run_id, run.input_json, _INPUT_PAYLOAD)
            await self.history.append(
                checked.base,
                subjects.START,
                run.start_event(reference),
                headers=headers,
                expect=(subjects.run_borders(checked.base), 0),
            )
        except ConflictError:
            # The same submission came twice at once and the other one was faster.
            return
        except UnavailableError as error:
            detail = (
                f"run {run.run_id} may have begun all the same ({error.detail}); an idempotency key makes retries safe"
            )
            raise ProblemError("engine.unavailable", detail) from error
        self.index.add(run.summary(created_at))

    async def _claim(self, key: str, claim: Claim) -> str:
        """The id of the run that the key stands for: the claim's own, or that of an earlier request."""
        try:
            await self.idempotency.create(key, claim.encode())
        except ConflictError:
            entry = await self.idempotency.get(key)
            if entry is None:
                # It has expired between the two.
                return await self._claim(key, claim)
            earlier = parse_claim(entry.value)
            earlier.check_same(claim.digest)
            return earlier.run_id
        return claim.run_id
