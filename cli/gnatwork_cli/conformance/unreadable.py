"""Checks of what an executor does with items that it can't read: they are settled, told of, and stop nothing."""

import orjson

from gnatwork_cli.conformance.bench import Bench
from gnatwork_cli.conformance.verdict import Inapplicable, Unmet
from gnatwork_schemas.messages import Work


async def version(bench: Bench) -> None:
    """An item of a version that is not known."""
    work = bench.engine.make({"do": "echo", "value": "ran"})
    await _refused(bench, work, orjson.dumps({**work.model_dump(mode="json"), "v": 99}), "message.unknown_version")


async def no_json(bench: Bench) -> None:
    """An item that is no JSON."""
    await _refused(bench, bench.engine.make(None), b'{"v": 1, "run_id": "01', "message.invalid")


async def deferred(bench: Bench) -> None:
    """A plain executor does not run what it can't resolve."""
    entry = await bench.engine.entry()
    if entry is None or not entry.plain:
        raise Inapplicable("the type is not plain, so it resolves them")
    leaf = {"$template": [{"path": ["input"], "source": "input"}], "values": {"input": {"$payload": {}}}}
    item = await bench.engine.send({"do": "echo", "value": leaf}, deferred=("/value",))
    outcome = await bench.engine.error(item)
    if outcome.error.retryable:
        raise Unmet(f"the error {outcome.error.code} says that another attempt may get over it")


async def _refused(bench: Bench, work: Work, body: bytes, code: str) -> None:
    await bench.engine.begin_run(work)
    item = await bench.engine.queue(work, body=body)
    outcome = await bench.engine.error(item)
    if outcome.error.code != code:
        raise Unmet(f"the error is {outcome.error.code} instead of {code}")
    settled = await bench.engine.settled(item, b"+TERM", b"+ACK", b"-NAK")
    if not settled.data.startswith(b"+TERM "):
        raise Unmet(f"it was settled with {settled.data.decode()!r} instead of +TERM and a reason")
    other = await bench.engine.send({"do": "echo", "value": "goes on"})
    await bench.engine.output(other)
