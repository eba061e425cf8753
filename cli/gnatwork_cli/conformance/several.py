"""Checks of several lanes, and of several executors."""

from gnatwork_cli.conformance.bench import Bench
from gnatwork_cli.conformance.verdict import Unmet
from gnatwork_schemas.subjects import LANES

#: Items of a round, and rounds until both of two executors have had one.
_ITEMS, _ROUNDS = 20, 5


async def lanes(bench: Bench) -> None:
    """Items of all lanes are run."""
    items = [await bench.engine.send({"do": "echo", "value": lane}, lane=lane) for lane in LANES]
    for item in items:
        await bench.engine.output(item)


async def shared(bench: Bench) -> None:
    """Two executors share the queue, and each item is run once."""
    await bench.executors.start()
    await bench.until_ready(pulls=2)
    names: set[str] = set()
    for _ in range(_ROUNDS):
        items = [await bench.engine.send({"do": "sleep", "seconds": 0.1}) for _ in range(_ITEMS)]
        for item in items:
            names.add((await bench.engine.outcome(item)).executor)
            await bench.engine.settled(item, b"+ACK")
        if twice := [item for item in items if len(bench.engine.outcomes(item)) > 1]:
            raise Unmet(f"{len(twice)} of {_ITEMS} items were run twice")
        if len(names) > 1:
            return
    raise Unmet(f"all work went to one executor, or both call themselves {names.pop()!r}")
