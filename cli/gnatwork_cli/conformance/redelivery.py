"""Checks of what an executor does with items whose attempt may have been run before."""

import time

from gnatwork_cli.conformance.bench import Bench
from gnatwork_cli.conformance.item import history_base
from gnatwork_cli.conformance.verdict import Unmet
from gnatwork_schemas import subjects
from gnatwork_schemas.messages import Claimed, Output, Work

#: Seconds, more than an item may be late.
_LATE = 10.0


async def again(bench: Bench) -> None:
    """An item that says `again` is acknowledged without a run where its attempt has an outcome."""
    work = bench.engine.make({"do": "echo", "value": "ran again"}, again=True)
    await _settled_without_a_run(bench, work)


async def late(bench: Bench) -> None:
    """So is one that was queued long after it was decided."""
    work = bench.engine.make({"do": "echo", "value": "ran again"}, decided_at=time.time() - _LATE)
    await _settled_without_a_run(bench, work)


async def again_without_outcome(bench: Bench) -> None:
    """Where only an earlier attempt has an outcome, it is run."""
    work = bench.engine.make({"do": "echo", "value": "second"}, again=True, attempt=2)
    await bench.engine.begin_run(work)
    await append_outcome(bench, work, 1)
    item = await bench.engine.queue(work)
    await bench.engine.settled(item, b"+ACK")
    if len(bench.engine.outcomes(item)) != 2:
        raise Unmet("attempt 2 was not run since attempt 1 has an outcome")


async def over(bench: Bench) -> None:
    """Nor is one run whose run has ended."""
    work = bench.engine.make({"do": "echo", "value": "ran"}, again=True)
    await bench.engine.begin_run(work)
    base = history_base(work)
    await bench.engine.history.append(base, subjects.CANCELLED, b'{"v": 1}')
    item = await bench.engine.queue(work)
    await bench.engine.settled(item, b"+ACK")
    await bench.until_through()
    if bench.engine.outcomes(item):
        raise Unmet("it was run though its run was over")


async def claims(bench: Bench) -> None:
    """An attempt that must not run twice is claimed before it is run."""
    item = await bench.engine.send({"do": "echo", "value": 1}, idempotent=False)
    await bench.engine.output(item)
    subject = f"{item.base}.{subjects.claimed_event(item.work.task, item.work.attempt)}"
    claim, outcome = await bench.engine.history.last(subject), await bench.engine.history.last(item.work.output_subject)
    if claim is None:
        raise Unmet(f"it was run without a claim at {subject}")
    if outcome is None or claim.sequence > outcome.sequence:
        raise Unmet("it was claimed after it had been run")
    Claimed.model_validate_json(claim.data)


async def claimed(bench: Bench) -> None:
    """One that another has claimed is not run and fails with `executor.lost`."""
    work = bench.engine.make({"do": "echo", "value": "ran twice"}, idempotent=False)
    await bench.engine.begin_run(work)
    body = Claimed(executor="another", token="another's")  # noqa: S106 - no secret
    event = subjects.claimed_event(work.task, work.attempt)
    await bench.engine.history.append(history_base(work), event, body.model_dump_json().encode())
    outcome = await bench.engine.error(await bench.engine.queue(work))
    if outcome.error.code != "executor.lost":
        raise Unmet(f"the error is {outcome.error.code}")


async def append_outcome(bench: Bench, work: Work, attempt: int) -> None:
    """Say that an attempt of the item's task has succeeded, as another executor would."""
    now = time.time()
    outcome = Output(
        task=work.task, attempt=attempt, output="the first", started_at=now, ended_at=now, executor="another"
    )
    await bench.engine.connection.publisher.publish(work.output_subject, outcome.model_dump_json().encode())


async def _settled_without_a_run(bench: Bench, work: Work) -> None:
    await bench.engine.begin_run(work)
    await append_outcome(bench, work, work.attempt)
    item = await bench.engine.queue(work)
    await bench.engine.settled(item, b"+ACK")
    await bench.until_through()
    if len(bench.engine.outcomes(item)) != 1:
        raise Unmet("it was run a second time")
