"""One simulation, from the first process to the end of the last run."""

import asyncio
import gc
from dataclasses import dataclass
from random import Random
from unittest.mock import patch

from support.sim.chance import chance
from support.sim.clock import EPOCH, StalledError, virtual_time

from gnatwork_bus.connection import Connection
from gnatwork_schemas import subjects
from gnatwork_schemas.messages import CancelRequest, ResumeRequest
from simulation.scenario import Fault, Scenario
from simulation.staged import staged
from simulation.world import Member, World

#: Virtual seconds within which everything must come to its end once the faults are over.
PATIENCE = 600.0
#: Virtual seconds between two looks at whether it has.
_LOOK = 0.5
#: Virtual seconds without an event after which it is asked what a run waits for.
_QUIET = 15.0


@dataclass(frozen=True)
class Result:
    """What came of a simulation."""

    scenario: Scenario
    violations: tuple[str, ...]
    #: Virtual seconds, and handles of the event loop.
    seconds: float
    steps: int
    counts: dict[str, int]
    #: Time, subject, origin and sequence of what was stored in history and work queue.
    story: tuple[tuple[float, str, str, str], ...]


def simulate(scenario: Scenario) -> Result:
    """Run a scenario; the same scenario always yields the same result."""
    # What a process that fell over leaves behind is not worth a word.
    with patch("sys.unraisablehook", lambda _: None), virtual_time(chance("entropy", scenario.seed)) as loop:
        world = World(loop, scenario)
        with staged(world):
            try:
                loop.run_until_complete(_play(world))
            except StalledError as error:
                world.invariants.fail(str(error))
        if world.invariants.violations:
            gc.collect()
    invariants = world.invariants
    violations = tuple(dict.fromkeys(invariants.violations))
    return Result(scenario, violations, loop.time(), loop.steps, dict(invariants.counts), tuple(world.story))


async def _play(world: World) -> None:
    scenario, source = world.scenario, chance("adversary", world.scenario.seed)
    await world.set_up()
    world.server.network.held_up = scenario.held_up
    for _ in range(scenario.schedulers):
        world.spawn("scheduler")
    for _ in range(scenario.executors):
        world.spawn("executor")
    world.spawn("client")
    faults = [asyncio.create_task(_happen(world, fault, source)) for fault in scenario.faults]
    await asyncio.gather(*faults)
    world.server.network.held_up = 0.0
    async with Connection.open("nats://simulated:4222", name="janitor") as connection:
        await _until_over(world, connection)
    for member in tuple(world.members):
        world.kill(member)
    await _until_gone(world)


async def _until_over(world: World, connection: Connection) -> None:
    loop, invariants, housekeeping = world.loop, world.invariants, world.scenario.housekeeping
    deadline = loop.time() + PATIENCE
    kept = housekeeping.archive_after + housekeeping.retention
    while not invariants.violations:
        await asyncio.sleep(_LOOK)
        left = invariants.unfinished(kept)
        if not left and world.asked:
            forsaken = [run for run in invariants.runs.values() if invariants.is_forsaken(run, 0.0)]
            for run in forsaken:
                invariants.fail(f"{run.base} went on, though nobody waited for it any more")
            return
        if loop.time() > deadline:
            invariants.fail(f"not over after {PATIENCE:g} s: {'; '.join(left[:5])}")
        await _nudge(world, connection)


async def _nudge(world: World, connection: Connection) -> None:
    """Have runs go on, or end, that wait for what will not come: nobody is left to resume them or to signal."""
    now = EPOCH + world.loop.time()
    for run in tuple(world.invariants.runs.values()):
        if run.end is not None or now - run.touched < _QUIET:
            continue
        if world.invariants.is_forsaken(run, now):
            world.invariants.fail(f"{run.base} goes on, though nobody waits for it any more")
            return
        match run.waits_for():
            case "resume":
                event, body = subjects.REQUEST_RESUME, ResumeRequest().model_dump_json()
            case str():
                event, body = subjects.REQUEST_CANCEL, CancelRequest(reason="nobody signals").model_dump_json()
            case _:
                continue
        world.invariants.counts["nudged"] += 1
        await connection.publisher.publish(f"{run.base}.{event}", body.encode())


async def _until_gone(world: World) -> None:
    """Let what was killed fall silent."""
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)


async def _happen(world: World, fault: Fault, source: Random) -> None:
    await asyncio.sleep(fault.at)
    candidates = [member for member in world.members if member.kind != "client" or fault.kind == "cut"]
    member = candidates[fault.target % len(candidates)] if candidates else None
    match fault.kind:
        case "restart":
            if world.server.up:
                world.server.stop()
                await asyncio.sleep(fault.seconds)
                world.server.start()
        case "unpin":
            for consumer in world.server.consumers.values():
                consumer.pulls.unpin()
                consumer.pump()
        case "repeat":
            for consumer in world.server.consumers.values():
                for sequence in sorted(consumer.pending)[:2]:
                    consumer.repeat(sequence)
        case _ if member:
            await _befall(world, member, fault, source)


async def _befall(world: World, member: Member, fault: Fault, source: Random) -> None:
    match fault.kind:
        case "kill":
            world.kill(member)
            await asyncio.sleep(fault.seconds)
            world.spawn(member.kind)
        case "leave":
            member.leave()
            await asyncio.sleep(fault.seconds)
            world.spawn(member.kind)
        case "freeze":
            member.frozen = True
            await asyncio.sleep(fault.seconds)
            if not member.dead:
                world.loop.thaw(member)
        case "cut":
            for client in member.clients:
                client.cut(
                    client_notices=source.random() * source.choice((0.01, 3.0)),
                    server_notices=source.random() * source.choice((0.01, 3.0)),
                    barred=fault.seconds,
                )
