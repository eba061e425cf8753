"""Checks of values that are too large for a message."""

import orjson

from gnatwork_cli.conformance.bench import Bench
from gnatwork_cli.conformance.item import NAMESPACE
from gnatwork_cli.conformance.verdict import Inapplicable, Unmet
from gnatwork_schemas.errors import PayloadError
from gnatwork_schemas.messages import Error
from gnatwork_schemas.payload import CHUNK_SIZE, as_reference, reference_value

#: More than one chunk.
_BYTES = CHUNK_SIZE + 40_000


async def output(bench: Bench) -> None:
    """A large output is stored, and a reference travels; a plain executor may fail with `payload.too_large`."""
    item = await bench.engine.send({"do": "large", "bytes": _BYTES})
    outcome = await bench.engine.outcome(item)
    entry = await bench.engine.entry()
    if isinstance(outcome, Error):
        if not (entry and entry.plain):
            raise Unmet(f"the task failed with {outcome.error.code}")
        if (outcome.error.code, outcome.error.retryable) != ("payload.too_large", False):
            raise Unmet(f"the error is {outcome.error.code}, retryable {outcome.error.retryable}")
        return
    reference = as_reference(outcome.output)
    if reference is None:
        raise Unmet(f"{_BYTES} bytes came in the outcome itself")
    try:
        stored = orjson.loads(await bench.engine.payloads.get(NAMESPACE, item.work.run_id, reference))
    except (PayloadError, orjson.JSONDecodeError) as error:
        raise Unmet(f"what is stored can't be read: {error}") from error
    if stored != "x" * _BYTES:
        raise Unmet("what is stored is not the output")


async def deferred(bench: Bench) -> None:
    """A leaf of the config that was left to the executor is what it stands for when the block sees it."""
    entry = await bench.engine.entry()
    if entry is None or entry.plain:
        raise Inapplicable("the type is plain: its configs are complete")
    stored = {"text": "y" * 70_000, "list": ["a", {"b": 17}]}
    work = bench.engine.make(None)
    reference = await bench.engine.payloads.put(NAMESPACE, work.run_id, orjson.dumps(stored), "input")
    values = {"input": reference_value(reference)}
    paths = (["input", "text"], ["input", "list", 1, "b"])
    parts = [{"path": path, "source": "input", "has_default": False, "default": None} for path in paths]
    config = {
        "do": "echo",
        "value": {
            "whole": {"$template": [parts[1]], "values": values},
            "text": {"$template": ["n = ", parts[1], "; ", parts[0]], "values": values},
            "looks": {"$template": ["like one"], "values": {}},
        },
    }
    work = work.model_copy(update={"config": config, "deferred": ("/value/whole", "/value/text")})
    await bench.engine.begin_run(work)
    item = await bench.engine.queue(work)
    found = await bench.engine.output(item)
    if stored_output := as_reference(found):
        found = orjson.loads(await bench.engine.payloads.get(NAMESPACE, item.work.run_id, stored_output))
    wanted = {"whole": 17, "text": f"n = 17; {stored['text']}", "looks": config["value"]["looks"]}  # type: ignore[index]  # the value is an object
    if found != wanted:
        raise Unmet("the values of deferred leaves are not what the references stand for")
