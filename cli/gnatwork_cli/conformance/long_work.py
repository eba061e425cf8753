"""Checks of work that takes a while: it is renewed, it can be stopped, and what it says has a form."""

from gnatwork_bus.topology import EXECUTOR_ACK_WAIT
from gnatwork_cli.conformance.bench import Bench
from gnatwork_cli.conformance.item import NAMESPACE, Item
from gnatwork_cli.conformance.verdict import Inapplicable, Unmet
from gnatwork_schemas import subjects
from gnatwork_schemas.live import LiveEvent, Log, Progress, Started
from gnatwork_schemas.messages import StopControl

_LIVE: dict[str, type[LiveEvent]] = {"started": Started, "progress": Progress, "log": Log}
_RENEWAL = b"+WPI"
#: Seconds in which a stopped block has to be gone.
_STOPPING = 15.0


async def heartbeats(bench: Bench) -> None:
    """An item that takes longer than `ack_wait` is renewed in time, each time."""
    item = await bench.engine.send({"do": "sleep", "seconds": 300})
    await bench.engine.settled(item, _RENEWAL, patience=2 * EXECUTOR_ACK_WAIT)
    # It is delivered a second time where the first renewal came too late; then the next answer has that in its subject.
    count = len(bench.engine.answers(item))
    await bench.engine.wire.first(
        lambda _: len(bench.engine.answers(item)) > count, EXECUTOR_ACK_WAIT, "it was renewed once and not again"
    )
    if any(_delivery(subject) > 1 for subject in bench.engine.answer_subjects(item)):
        raise Unmet(f"it was renewed after more than {EXECUTOR_ACK_WAIT:g} s, so it was delivered twice")
    await _stop(bench, item)


async def cancel(bench: Bench) -> None:
    """When the run is cancelled, the block is stopped, and nobody hears of an outcome."""
    item = await bench.engine.send({"do": "sleep", "seconds": 300})
    await bench.until_taken(item)
    await _stop(bench, item)
    other = await bench.engine.send({"do": "echo", "value": "goes on"})
    await bench.engine.output(other)
    if bench.engine.outcomes(item):
        raise Unmet("an outcome was published though the run was cancelled")


async def live(bench: Bench) -> None:
    """What is told while blocks run has the form that readers expect."""
    found = bench.engine.wire.all(lambda seen: seen.subject.rsplit(".", 1)[-1] in _LIVE and _is_live(seen.subject))
    if not found:
        raise Inapplicable("it tells nothing while blocks run, and need not")
    for seen in found:
        _LIVE[seen.subject.rsplit(".", 1)[-1]].model_validate_json(seen.data)


async def _stop(bench: Bench, item: Item) -> None:
    work = item.work
    await bench.engine.connection.api(
        f"STREAM.PURGE.{subjects.WORK}", {"filter": subjects.work_of_run(NAMESPACE, work.run_id)}
    )
    control = StopControl().model_dump_json(exclude_none=True).encode()
    bench.engine.connection.send(subjects.cancel_control(NAMESPACE, work.run_id), control)
    await bench.engine.settled(item, b"+ACK", b"+TERM", patience=_STOPPING)


def _delivery(subject: str) -> int:
    return int(subject.split(".")[4])


def _is_live(subject: str) -> bool:
    return subject.startswith("workflow.") and subject.split(".")[2] == "block"
