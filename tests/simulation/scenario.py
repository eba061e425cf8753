"""What a simulation is to do, as data drawn from its seed: runs, and the faults that meet them."""

from dataclasses import dataclass, replace
from random import Random
from typing import Any, Self

from support.sim.chance import chance

from gnatwork_schemas.catalogue import BlockType

#: The one block type; see `simulation.play`.
TYPE = "play"
CATALOGUE = {TYPE: BlockType(type=TYPE, title=TYPE, summary=TYPE, config_schema=True, output_schema=True)}

#: Seconds within which runs start.
STARTS = 8.0


@dataclass(frozen=True)
class RunPlan:
    """A run that is to be started."""

    number: int
    at: float
    definition: dict[str, Any]
    cancel_at: float | None

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
    runs: tuple[RunPlan, ...]
    faults: tuple[Fault, ...]

    @classmethod
    def of(cls, seed: int) -> Self:
        """The scenario of a seed."""
        source = chance("scenario", seed)
        runs = tuple(_run(chance("run", seed, number), number) for number in range(1, source.randint(2, 7)))
        span = source.choice((10.0, 25.0))
        faults = [_fault(chance("fault", seed, number), span) for number in range(source.choice((0, 2, 4, 8, 16)))]
        return cls(
            seed,
            schedulers=source.choice((1, 2, 2, 3)),
            executors=source.choice((1, 2, 2, 3)),
            places=source.choice((1, 2, 4)),
            shards=source.choice((1, 2)),
            held_up=source.choice((0.0, 0.01, 0.05, 0.25)),
            runs=runs,
            faults=tuple(sorted(faults, key=lambda fault: fault.at)),
        )

    def smaller(self) -> list["Scenario"]:
        """Scenarios with a little less in them."""
        runs = [_without(self.runs, place) for place in range(len(self.runs))] if len(self.runs) > 1 else []
        faults = [_without(self.faults, place) for place in range(len(self.faults))]
        blocks = [
            (*self.runs[:place], replace(run, definition=less), *self.runs[place + 1 :])
            for place, run in enumerate(self.runs)
            for less in _smaller_definitions(run.definition)
        ]
        return [
            *(replace(self, runs=fewer) for fewer in runs),
            *(replace(self, faults=fewer) for fewer in faults),
            *(replace(self, runs=simpler) for simpler in blocks),
        ]


def _run(source: Random, number: int) -> RunPlan:
    at = STARTS * source.random()
    cancel = at + 6 * source.random() ** 2 if source.random() < 0.2 else None
    return RunPlan(number, at, _definition(source), cancel)


def _fault(source: Random, span: float) -> Fault:
    kind = source.choices(
        ("kill", "leave", "freeze", "cut", "restart", "unpin", "repeat"), weights=(6, 2, 4, 6, 2, 2, 4)
    )[0]
    seconds = source.uniform(0.1, 15.0) if kind == "freeze" else source.uniform(0.05, 6.0)
    return Fault(span * source.random(), kind, source.randrange(6), seconds)


def _definition(source: Random) -> dict[str, Any]:
    blocks: list[dict[str, Any]] = []
    for number in range(source.choice((1, 2, 3, 4, 5, 6, 8))):
        blocks.append(_block(source, f"b{number}", [block["id"] for block in blocks]))
    definition: dict[str, Any] = {"name": "simulated", "blocks": blocks}
    if source.random() < 0.2:
        definition["timeout"] = round(source.uniform(0.5, 20.0), 2)
    return definition


def _block(source: Random, name: str, before: list[str]) -> dict[str, Any]:
    block: dict[str, Any] = {"id": name, "type": TYPE, "timeout": round(source.uniform(0.5, 4.0), 2)}
    needs = source.sample(before, min(len(before), source.choice((0, 1, 1, 2, 3))))
    if needs:
        block["needs"] = [f"{need}.error" if source.random() < 0.25 else need for need in needs]
        block["join"] = source.choice(("all", "all", "any", "always"))
        if source.random() < 0.3:
            block["config"] = {"value": f"{{{{ {needs[0]}.value ?? 0 }}}}"}
    if source.random() < 0.5:
        block["retry"] = {
            "max_attempts": source.randint(2, 4),
            "initial": source.choice(("0s", "0.1s", "1s", "3s")),
            "max": "5s",
        }
    if source.random() < 0.2:
        block["on_error"] = "continue"
    if source.random() < 0.25:
        block["idempotent"] = False
    return block


def _smaller_definitions(definition: dict[str, Any]) -> list[dict[str, Any]]:
    """Without its last block, or without its timeout."""
    smaller = []
    if len(definition["blocks"]) > 1:
        smaller.append({**definition, "blocks": definition["blocks"][:-1]})
    if "timeout" in definition:
        smaller.append({name: value for name, value in definition.items() if name != "timeout"})
    return smaller


def _without(items: tuple[Any, ...], place: int) -> tuple[Any, ...]:
    return (*items[:place], *items[place + 1 :])
