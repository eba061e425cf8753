"""Checks of what an executor does while NATS can't serve it."""

import asyncio

from gnatwork_cli.conformance.bench import Bench
from gnatwork_cli.conformance.engine import PATIENCE
from gnatwork_cli.conformance.verdict import Inapplicable, Unmet
from gnatwork_schemas import subjects

#: Seconds in which an executor that does not wait for the store would have acknowledged.
_RASH = 1.0
#: What the history takes meanwhile; nobody sends that.
_ELSEWHERE = "conformance.closed"


async def outcome_before_ack(bench: Bench) -> None:
    """While nobody stores an outcome, the item is not acknowledged; the outcome is stored once it can be."""
    engine = bench.engine
    work = engine.make({"do": "echo", "value": "stored late"})
    await engine.begin_run(work)
    info = await engine.connection.api(f"STREAM.INFO.{subjects.HISTORY}")
    closed = {**info["config"], "subjects": [_ELSEWHERE], "republish": None}
    await engine.connection.api(f"STREAM.UPDATE.{subjects.HISTORY}", closed)
    try:
        item = await engine.queue(work)
        tried = {work.output_subject, work.error_subject}
        await engine.wire.first(lambda seen: seen.subject in tried, PATIENCE, "it published no outcome")
        await asyncio.sleep(_RASH)
        if rash := [answer for answer in engine.answers(item) if not answer.startswith((b"+WPI", b"-NAK"))]:
            raise Unmet(f"it answered {rash[0].decode()!r} though its outcome was not stored")
    finally:
        await engine.connection.api(f"STREAM.UPDATE.{subjects.HISTORY}", info["config"])
    await engine.output(item)
    await engine.settled(item, b"+ACK")


async def restart(bench: Bench) -> None:
    """When the server is back after a restart, work goes on."""
    if bench.server is None:
        raise Inapplicable("it takes a server of the suite's own; leave --nats away")
    back = asyncio.Event()
    bench.engine.connection.on_reconnect(back.set)
    await bench.server.stop()
    await bench.server.start()
    async with asyncio.timeout(PATIENCE):
        await back.wait()
    item = await bench.engine.send({"do": "echo", "value": "after the restart"})
    await bench.engine.output(item, patience=2 * PATIENCE)
    await bench.engine.settled(item, b"+ACK")
