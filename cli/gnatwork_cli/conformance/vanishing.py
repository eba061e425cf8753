"""Checks of executors that vanish, and of those that leave."""

from gnatwork_cli.conformance.bench import Bench
from gnatwork_cli.conformance.item import NAMESPACE, Item
from gnatwork_cli.conformance.redelivery import append_outcome
from gnatwork_cli.conformance.verdict import Unmet
from gnatwork_schemas import subjects
from gnatwork_schemas.messages import Error

#: How often an item may be delivered without an outcome.
_MOST_DELIVERIES = 5


async def killed(bench: Bench) -> None:
    """An item whose executor was killed over it is run by another one."""
    item, taken = await _kill_over(bench, {"do": "sleep", "seconds": 2, "value": "second try"})
    await bench.give_back(taken)
    await bench.executors.start()
    if await bench.engine.output(item) != "second try":
        raise Unmet("the output is another one")
    await bench.engine.settled(item, b"+ACK")


async def killed_before_ack(bench: Bench) -> None:
    """An item whose executor was killed between outcome and acknowledgement is not run again."""
    item, taken = await _kill_over(bench, {"do": "sleep", "seconds": 2, "value": "ran again"})
    await append_outcome(bench, item.work, item.work.attempt)
    await bench.give_back(taken)
    await bench.executors.start()
    await bench.engine.settled(item, b"+ACK")
    if len(bench.engine.outcomes(item)) != 1:
        raise Unmet("it was run a second time")


async def poison(bench: Bench) -> None:
    """An item over which too many executors vanished fails with `executor.lost` and is not run."""
    await bench.executors.kill()
    item = await bench.engine.send({"do": "echo", "value": "ran"})
    await bench.take_away(_MOST_DELIVERIES)
    await bench.executors.start()
    outcome = await bench.engine.outcome(item)
    if not isinstance(outcome, Error) or outcome.error.code != "executor.lost":
        raise Unmet(f"it was run though {_MOST_DELIVERIES} executors vanished with it")
    await bench.engine.settled(item, b"+ACK")


async def leaving(bench: Bench) -> None:
    """An executor that is asked to leave finishes what it can and hands back the rest, with a note."""
    item = await bench.engine.send({"do": "sleep", "seconds": 300})
    await bench.until_taken(item)
    if not await bench.executors.leave():
        raise Unmet("it did not end when it was sent SIGTERM")
    answer = await bench.engine.settled(item, b"-NAK", b"+ACK", b"+TERM")
    if not answer.data.startswith(b"-NAK"):
        raise Unmet(f"it was settled with {answer.data.decode()!r} though it was not finished")
    if await bench.engine.note(item.subject, 1) is None:
        raise Unmet(f"there is no note at {subjects.handed_back(item.subject, 1)}")
    await bench.engine.connection.api(
        f"STREAM.PURGE.{subjects.WORK}", {"filter": subjects.work_of_run(NAMESPACE, item.work.run_id)}
    )
    await bench.executors.start()
    await bench.until_ready()


async def _kill_over(bench: Bench, config: object) -> tuple[Item, dict[str, object]]:
    """Kill the executor while it runs an item."""
    item = await bench.engine.send(config)
    taken = await bench.until_taken(item)
    await bench.executors.kill()
    return item, dict(taken)
