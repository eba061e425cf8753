"""What a simulation is to do, as data drawn from its seed: runs, what is asked of them, and faults that meet them."""

from dataclasses import dataclass, replace
from random import Random
from typing import Any, Literal, Self

from support.sim.chance import chance
from support.workflows import FEATURES, PLAINS, SCRIPTS, SIGNALS, definition

from simulation.smaller import smaller_definitions

#: Seconds within which runs start.
STARTS = 8.0
#: Of all that a definition may be made of, and of what may be asked of runs, each is drawn with this share.
_SHARE = 0.4
#: Seconds.
_LONGEST_FREEZE = 15.0
#: What may be asked of runs, beside what their definitions are made of.
_MANNERS = ("cancel", "pause", "later", "retry", "housekeeping")

#: What becomes of a run while an earlier one of its trigger is under way.
Overlap = Literal["queue", "replace"]


@dataclass(frozen=True)
class Order:
    """Something that is asked of a run."""

    #: Seconds after the run's start was sent.
    after: float
    #: `cancel`, `cancel-child`, `pause`, `resume`, or `signal`.
    kind: str
    #: Of the signal.
    name: str = ""

    def __str__(self) -> str:
        return f"{self.kind} {self.name}".rstrip() + f" after {self.after:.3f}"


@dataclass(frozen=True)
class RunPlan:
    """A run that is to be started."""

    number: int
    at: float
    definition: dict[str, Any]
    orders: tuple[Order, ...] = ()
    #: Seconds after its start at which it begins; None is at once.
    later: float | None = None
    #: How often it is tried anew when it did not complete, with what completed.
    retries: int = 0
    #: Of a run that a trigger starts, the same for all of them.
    overlap: Overlap | None = None

    @property
    def run_id(self) -> str:
        """Its id."""
        return f"01931d2e-0000-7000-8000-{self.number:012x}"


@dataclass(frozen=True)
class Fault:
    """Something that goes wrong."""

    at: float
    #: `kill`, `leave`, `freeze`, `cut`, `restart`, `unpin` or `repeat`.
    kind: str
    #: Which process, of those that there are.
    target: int
    seconds: float

    def __str__(self) -> str:
        return f"{self.at:7.3f} {self.kind} {self.target} for {self.seconds:.2f} s"


@dataclass(frozen=True)
class Housekeeping:
    """How soon schedulers forget, save, shorten and put away."""

    #: Seconds.
    idle: float = 60.0
    archive_after: float = 600.0
    retention: float = 86_400.0
    #: Events.
    snapshot_every: int = 1000
    long_limit: int = 1000

    def later(self) -> "Housekeeping":
        """The same where runs start runs: these must not be put away while an executor may be frozen that starts them.

        It would start them again.
        """
        return replace(self, archive_after=max(self.archive_after, _LONGEST_FREEZE + 1.0))


@dataclass(frozen=True)
class Scenario:
    """Everything that is decided before a simulation begins."""

    seed: int
    schedulers: int
    executors: int
    #: Attempts that an executor runs at once.
    places: int
    shards: int
    #: Share of the messages that take up to 0.3 s.
    held_up: float
    #: The latest that a timer fires, seconds.
    timers_late: float
    housekeeping: Housekeeping
    #: Stored workflows, by name.
    workflows: dict[str, dict[str, Any]]
    runs: tuple[RunPlan, ...]
    faults: tuple[Fault, ...]

    @classmethod
    def of(cls, seed: int) -> Self:
        """The scenario of a seed."""
        source = chance("scenario", seed)
        chosen = frozenset(one for one in (*FEATURES, *_MANNERS) if source.random() < _SHARE)
        # Drawn apart, so that what a seed stood for before there were such blocks it stands for still.
        chosen |= {feature for feature in (SCRIPTS, PLAINS) if chance(feature, seed).random() < _SHARE}
        workflows = _workflows(chance("workflows", seed), chosen) if "children" in chosen else {}
        names = tuple(workflows)
        numbers = range(1, source.randint(2, 6))
        limits = _limits(source)
        overlaps = _overlaps(chance("overlap", seed), len(numbers))
        runs = tuple(
            replace(_run(chance("run", seed, number), number, chosen, names, limits), overlap=overlap)
            for number, overlap in zip(numbers, overlaps, strict=True)
        )
        span = source.choice((10.0, 25.0))
        faults = [_fault(chance("fault", seed, number), span) for number in range(source.choice((0, 2, 4, 8, 16)))]
        return cls(
            seed,
            schedulers=source.choice((1, 2, 2, 3)),
            executors=source.choice((1, 2, 2, 3)),
            places=source.choice((1, 2, 4)),
            shards=source.choice((1, 2)),
            held_up=source.choice((0.0, 0.01, 0.05, 0.25)),
            timers_late=source.choice((0.25, 0.25, 3.0)),
            housekeeping=_housekeeping(source, chosen) if not workflows else _housekeeping(source, chosen).later(),
            workflows=workflows,
            runs=runs,
            faults=tuple(sorted(faults, key=lambda fault: fault.at)),
        )

    def smaller(self) -> list["Scenario"]:
        """Scenarios with a little less in them, the boldest first."""
        runs = [_without(self.runs, place) for place in range(len(self.runs))] if len(self.runs) > 1 else []
        halves = [self.faults[: len(self.faults) // 2], self.faults[len(self.faults) // 2 :]]
        faults = [_without(self.faults, place) for place in range(len(self.faults))]
        plans = [
            (*self.runs[:place], less, *self.runs[place + 1 :])
            for place, run in enumerate(self.runs)
            for less in _smaller_plans(run)
        ]
        workflows = [
            {**self.workflows, name: less} for name, raw in self.workflows.items() for less in smaller_definitions(raw)
        ]
        calm = replace(self, held_up=0.0, timers_late=0.25, housekeeping=Housekeeping())
        return [
            *(replace(self, runs=fewer) for fewer in runs),
            *(replace(self, faults=fewer) for fewer in halves if len(fewer) < len(self.faults)),
            *([calm] if calm != self else []),
            *(replace(self, faults=fewer) for fewer in faults),
            *(replace(self, runs=simpler) for simpler in plans),
            *(replace(self, workflows=simpler) for simpler in workflows),
        ]


def _workflows(source: Random, chosen: frozenset[str]) -> dict[str, dict[str, Any]]:
    """Two workflows, of which the second may start the first, and sometimes one that starts itself for ever."""
    plain = chosen - {"children", "concurrency", "rate"}
    if source.random() < 0.5:
        # Those that wait for what nobody tells them end only if they are stopped.
        plain |= {"waits"}
    first = definition(source, plain, most=3)
    second = definition(source, plain | {"children"}, ("first",), most=4)
    found = {"first": first, "second": second}
    if source.random() < 0.3:
        child = {"id": "b0", "type": "workflow", "config": {"name": "endless"}}
        found["endless"] = {"blocks": [child, {"id": "b1", "type": "play", "needs": ["b0.error"]}]}
    return {name: {**raw, "name": name} for name, raw in found.items()}


def _limits(source: Random) -> dict[str, Any]:
    """How the runs are limited whose definitions say that they are: all alike, for they share a key."""
    on_limit = source.choice(("queue", "queue", "reject", "cancel_oldest"))
    return {
        "concurrency": {"max": source.choice((1, 1, 2)), "on_limit": on_limit},
        "rate_limit": {"max": source.choice((1, 2)), "per": source.choice(("1s", "4s"))},
    }


def _overlaps(source: Random, count: int) -> list[Overlap | None]:
    """Which runs a trigger starts that minds its earlier ones."""
    overlap: Overlap = source.choice(("queue", "replace"))
    triggered = source.random() < _SHARE
    return [overlap if triggered and source.random() < 0.7 else None for _ in range(count)]


def _run(
    source: Random, number: int, chosen: frozenset[str], workflows: tuple[str, ...], limits: dict[str, Any]
) -> RunPlan:
    raw = definition(source, chosen, workflows)
    raw |= {name: limit for name, limit in limits.items() if name in raw}
    orders: list[Order] = []
    if "cancel" in chosen and source.random() < 0.5:
        kind = "cancel-child" if workflows and source.random() < 0.4 else "cancel"
        orders.append(Order(6 * source.random() ** 2, kind))
    if "pause" in chosen and source.random() < 0.6:
        for _ in range(source.choice((1, 1, 2))):
            begin = 5 * source.random()
            orders.append(Order(begin, "pause"))
            if source.random() < 0.8:
                orders.append(Order(begin + 6 * source.random(), "resume"))
    if "waits" in chosen:
        orders += [
            Order(8 * source.random(), "signal", source.choice(SIGNALS)) for _ in range(source.choice((0, 1, 2, 4)))
        ]
    return RunPlan(
        number,
        STARTS * source.random(),
        raw,
        tuple(sorted(orders, key=lambda order: order.after)),
        later=source.uniform(-1.0, 6.0) if "later" in chosen and source.random() < 0.4 else None,
        retries=source.choice((0, 1, 1, 2)) if "retry" in chosen else 0,
    )


def _fault(source: Random, span: float) -> Fault:
    kind = source.choices(
        ("kill", "leave", "freeze", "cut", "restart", "unpin", "repeat"), weights=(6, 2, 4, 6, 2, 2, 4)
    )[0]
    seconds = source.uniform(0.1, _LONGEST_FREEZE) if kind == "freeze" else source.uniform(0.05, 6.0)
    return Fault(span * source.random(), kind, source.randrange(6), seconds)


def _housekeeping(source: Random, chosen: frozenset[str]) -> Housekeeping:
    if "housekeeping" not in chosen:
        return Housekeeping()
    kept = source.random() < 0.5
    return Housekeeping(
        idle=source.choice((0.5, 2.0, 60.0)),
        archive_after=source.choice((0.5, 5.0)) if kept else 600.0,
        retention=source.choice((0.0, 3.0, 10.0)) if kept else 86_400.0,
        snapshot_every=source.choice((1, 3, 8, 1000)),
        long_limit=source.choice((2, 5, 1000)),
    )


def _smaller_plans(run: RunPlan) -> list[RunPlan]:
    """The run with one order, block or wish less."""
    found = [replace(run, orders=_without(run.orders, place)) for place in range(len(run.orders))]
    if run.retries:
        found.append(replace(run, retries=run.retries - 1))
    if run.later is not None:
        found.append(replace(run, later=None))
    if run.overlap is not None:
        found.append(replace(run, overlap=None))
    return [*found, *(replace(run, definition=less) for less in smaller_definitions(run.definition))]


def _without(items: tuple[Any, ...], place: int) -> tuple[Any, ...]:
    return (*items[:place], *items[place + 1 :])
