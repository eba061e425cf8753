"""What goes wrong, drawn from the seed before anything starts, and how it is done."""

import asyncio
import itertools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from random import Random

from chaos.cluster import Cluster
from chaos.service import Service

#: How often each kind is drawn.
_KINDS = {"kill": 50, "freeze": 25, "cut": 25}
#: How often each role is hit.
_ROLES = {"executor": 45, "scheduler": 30, "nats": 15, "manager": 10}
#: Seconds of being dead; the shortest is at once.
_DEAD = (0.0, 2.0)
#: Seconds of standing still by role. What a scheduler (5 s) and an executor (10 s) hold is given to another meanwhile.
_FROZEN = {"executor": (12.0, 16.0), "scheduler": (6.5, 10.0), "manager": (1.0, 8.0), "nats": (0.5, 6.0)}
#: Seconds of being cut off: a hiccup, or long enough for all leases to lapse.
_CUT = ((0.3, 3.0), (6.5, 15.0))
#: Seconds between the end of a fault and the next one of the same process.
_REST = 1.0


@dataclass(frozen=True)
class Fault:
    """Something that goes wrong."""

    #: Seconds from the beginning of the load.
    at: float
    #: `kill`, `freeze` or `cut`.
    kind: str
    #: Which process.
    target: str
    #: How long.
    seconds: float
    #: How a cut ends: `resume`, held-up data arrives late, or `reset`, it is lost.
    ending: str = ""

    def __str__(self) -> str:
        return f"{self.kind} {self.target} {self.seconds:.1f} s {self.ending}".rstrip()


def draw(seed: int, kills: int, gap: float, roles: Mapping[str, str]) -> list[Fault]:
    """That many kills and what comes between them, one in each `gap` seconds; `roles` has the role of each process."""
    chance = Random(f"{seed}/faults")  # noqa: S311 - a seed is to tell everything
    busy: dict[str, float] = {}
    faults: list[Fault] = []
    for number in itertools.count():
        if sum(fault.kind == "kill" for fault in faults) >= kills:
            break
        at = (number + chance.random()) * gap
        kind = _pick(chance, _KINDS)
        free: dict[str, list[str]] = {}
        for name, role in roles.items():
            if busy.get(name, 0.0) <= at and not (kind == "cut" and role == "nats"):
                free.setdefault(role, []).append(name)
        if not free:
            continue
        role = _pick(chance, {role: _ROLES[role] for role in free})
        target = chance.choice(free[role])
        fault = Fault(at, kind, target, _seconds(chance, kind, role), _ending(chance, kind))
        busy[target] = at + fault.seconds + _REST
        faults.append(fault)
    return faults


def _pick(chance: Random, weights: Mapping[str, int]) -> str:
    return chance.choices(list(weights), list(weights.values()))[0]


def _seconds(chance: Random, kind: str, role: str) -> float:
    match kind:
        case "kill":
            return chance.choice((0.0, chance.uniform(*_DEAD)))
        case "freeze":
            return chance.uniform(*_FROZEN[role])
        case _:
            return chance.uniform(*chance.choice(_CUT))


def _ending(chance: Random, kind: str) -> str:
    return chance.choice(("resume", "reset")) if kind == "cut" else ""


async def inflict(fault: Fault, service: Service) -> None:
    """Do it, and undo it after its time, also when cancelled."""
    match fault.kind:
        case "kill":
            await service.kill()
            await asyncio.sleep(fault.seconds)
            await service.start()
        case "freeze":
            service.freeze()
            try:
                await asyncio.sleep(fault.seconds)
            finally:
                service.thaw()
        case "cut":
            assert service.proxy is not None
            service.proxy.cut()
            try:
                await asyncio.sleep(fault.seconds)
            finally:
                (service.proxy.resume if fault.ending == "resume" else service.proxy.reset)()


async def inflict_all(faults: list[Fault], cluster: Cluster, tell: Callable[[Fault], None]) -> None:
    """Each at its time; returns when all are over. `tell` is called as each begins."""
    loop = asyncio.get_running_loop()
    began = loop.time()

    async def one(fault: Fault) -> None:
        await asyncio.sleep(began + fault.at - loop.time())
        tell(fault)
        await inflict(fault, cluster.services[fault.target])

    async with asyncio.TaskGroup() as tasks:
        for fault in faults:
            tasks.create_task(one(fault))
