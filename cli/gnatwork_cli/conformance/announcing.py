"""Checks of what an executor does when it starts."""

from gnatwork_bus.topology import executor_consumer
from gnatwork_cli.conformance.bench import Bench
from gnatwork_cli.conformance.verdict import Unmet
from gnatwork_schemas import subjects

#: What consumers of all executors of a type must have in common.
_SETTINGS = ("filter_subject", "ack_policy", "deliver_policy", "max_deliver", "ack_wait")


async def entry(bench: Bench) -> None:
    """The catalogue has the type."""
    found = await bench.engine.entry()
    if found is None:
        raise Unmet(f"there is no key {subjects.catalogue_key(bench.engine.type)} in {subjects.STATE_BUCKET}")
    if found.type != bench.engine.type:
        raise Unmet(f"the entry of {bench.engine.type} is of the type {found.type}")


async def lease(bench: Bench) -> None:
    """A lease says that an executor of the type lives, under the name that its outcomes have."""
    outcome = await bench.engine.outcome(await bench.engine.send({"do": "echo", "value": 1}))
    found = [executor for executor in await bench.engine.living() if bench.engine.type in executor.blocks]
    if outcome.executor not in {executor.executor for executor in found}:
        raise Unmet(
            f"no key {subjects.executor_key('*')} says that {outcome.executor or 'it'} hosts {bench.engine.type}"
        )


async def consumers(bench: Bench) -> None:
    """There is a durable consumer for each lane, with the settings that all executors count on."""
    for lane in subjects.LANES:
        wanted = executor_consumer(bench.engine.type, lane)
        info = await bench.engine.consumer(lane)
        if info is None:
            raise Unmet(f"there is no consumer {wanted.name}")
        config = wanted.config()
        for name in _SETTINGS:
            if info["config"].get(name) != config[name]:
                raise Unmet(f"{wanted.name} has {name} {info['config'].get(name)!r} instead of {config[name]!r}")
