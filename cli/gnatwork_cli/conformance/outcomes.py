"""Checks of what an executor says about its work."""

import secrets
from typing import Any

from gnatwork_cli.conformance.bench import Bench
from gnatwork_cli.conformance.verdict import Unmet
from gnatwork_schemas.header_names import TRACEPARENT

#: Values that are easily lost on the way through a language's JSON.
_VALUES: tuple[Any, ...] = (
    "plain",
    'ünïcödé ✓ 🦟 "quoted" \\ and\n\ttabs, $HOME `id` %s',
    {"nested": {"list": [1, 2.5, -3, True, False, None, "", [], {}]}, "with space": "a"},
    None,
    False,
    0,
    "",
    [],
)


async def output(bench: Bench) -> None:
    """`echo` yields its value, whatever it is."""
    items = [await bench.engine.send({"do": "echo", "value": value}) for value in _VALUES]
    for item, value in zip(items, _VALUES, strict=True):
        found = await bench.engine.output(item)
        if found != value or type(found) is not type(value):
            raise Unmet(f"{value!r} came back as {found!r}")
        outcome = await bench.engine.outcome(item)
        if not 0 < outcome.started_at <= outcome.ended_at:
            raise Unmet(f"started_at {outcome.started_at} and ended_at {outcome.ended_at} are no times in this order")
        await bench.engine.settled(item, b"+ACK")


async def named(bench: Bench) -> None:
    """Outcomes say which executor they are of."""
    outcome = await bench.engine.outcome(await bench.engine.send({"do": "echo", "value": 1}))
    if not outcome.executor:
        raise Unmet("`executor` of the outcome is empty")


async def error(bench: Bench) -> None:
    """`fail` fails with the error that it was given."""
    wanted = {
        "code": "conformance.wanted",
        "message": "as it was asked to: “no”",
        "retryable": True,
        "retry_after": 2,
        "details": {"status": 503},
    }
    found = (await bench.engine.error(await bench.engine.send({"do": "fail", **wanted}))).error
    told = found.model_dump(include=set(wanted))
    if told != wanted:
        raise Unmet(f"the error {wanted} came back as {told}")


async def bad_config(bench: Bench) -> None:
    """A config that the block can't use is an error that no other attempt gets over."""
    found = (await bench.engine.error(await bench.engine.send({"do": "nonsense"}))).error
    if (found.code, found.retryable) != ("block.config_invalid", False):
        raise Unmet(f"the error is {found.code}, retryable {found.retryable}")


async def known(bench: Bench) -> None:
    """The block sees what tells its task and attempt from others."""
    item = await bench.engine.send({"do": "describe"}, attempt=2, idempotency_key=secrets.token_hex(8))
    work = item.work
    wanted = {
        "run_id": work.run_id,
        "task": work.task,
        "attempt": work.attempt,
        "idempotency_key": work.idempotency_key,
    }
    found = await bench.engine.output(item)
    if found != wanted:
        raise Unmet(f"it sees {found} instead of {wanted}")


async def trace(bench: Bench) -> None:
    """The outcome carries the trace context of the item."""
    context = f"00-{secrets.token_hex(16)}-{secrets.token_hex(8)}-01"
    work = bench.engine.make({"do": "echo", "value": 1})
    await bench.engine.begin_run(work)
    item = await bench.engine.queue(work, headers={TRACEPARENT: context})
    await bench.engine.output(item)
    stored = await bench.engine.history.last(work.output_subject)
    found = stored.headers.get(TRACEPARENT) if stored and stored.headers else None
    if found != context:
        raise Unmet(f"the header {TRACEPARENT} of the outcome is {found!r}")


async def timeout(bench: Bench) -> None:
    """An attempt that takes longer than its timeout is stopped and has failed."""
    item = await bench.engine.send({"do": "sleep", "seconds": 300}, timeout=1.0)
    outcome = await bench.engine.error(item)
    if (outcome.error.code, outcome.error.retryable) != ("block.timeout", True):
        raise Unmet(f"the error is {outcome.error.code}, retryable {outcome.error.retryable}")
    await bench.engine.settled(item, b"+ACK")
