"""Programs of scripts: each slice plays its program anew, and whatever the program does hangs on what it has heard."""

from random import Random
from typing import Any

from support.sim.chance import chance
from support.workflows import FEW, PLAY, SCARCE, SIGNALS

from gnatwork_blocks.sdk import Block, BlockContext
from gnatwork_schemas.control_block import ControlledBlock, Kind
from gnatwork_schemas.definition import Retry
from gnatwork_schemas.implicit import SLICE, NewStep, Slice, Sliced, Transition
from simulation.play import PLAYED, STAGE, Played

#: What becomes of a program, if not steps.
_Way = Transition | Sliced


class Program(Played):
    """Plays a program up to where it waits for its steps."""

    type = SLICE
    Config = Slice
    trouble = 0.06

    async def run(self, ctx: BlockContext, config: Slice) -> Any:
        """Take a while, then want something, or fail."""
        await super().run(ctx, config)
        return _Played(ctx, config).sliced().model_dump(mode="json", exclude_defaults=True)

    def output(self, source: Random, ctx: BlockContext) -> Any:
        """Not known here."""


class _Played:
    """One program in one of its states."""

    def __init__(self, ctx: BlockContext, config: Slice) -> None:
        self._ctx = ctx
        self._config = config
        self._args = config.args
        self._key = ctx.run_id, ctx.task.rpartition(":")[0], config.function
        #: What it has asked for.
        self._asked: list[NewStep] = []

    def sliced(self) -> Sliced:
        """What it wants."""
        config, heard = self._config, self._heard()
        for number in range(len(heard) + 1):
            so_far = heard[:number]
            if number and (over := self._over(so_far, last=number == len(self._asked))):
                return over
            self._ask(so_far)
        if not self._asked and (over := self._over([], last=True)):
            return over
        known = config.steps
        if [step.digest for step in known] != [step.digest for step in self._asked[: len(known)]]:
            self._fail("hears of outcomes in another order than before")
        new = tuple(self._asked[len(known) : len(known) + config.room])
        return Sliced(steps=new, more=len(self._asked) > len(known) + len(new))

    def _heard(self) -> list[int]:
        """The steps that are settled, in the order in which the program hears of them."""
        settled = sorted(
            (step.order, number) for number, step in enumerate(self._config.steps) if step.order is not None
        )
        if [order for order, _ in settled] != list(range(len(settled))):
            self._fail(f"hears of outcomes at {settled}")
        if (self._config.seen or 0) > len(settled):
            self._fail("knew more than it knows")
        return [number for _, number in settled]

    def _over(self, heard: list[int], *, last: bool) -> Sliced | None:
        """What comes of a program that has heard of these steps, unless it goes on."""
        source = chance("over", *self._key, heard)
        if not last and source.random() < 0.9:
            return None
        if last and source.random() < 0.03:
            # It waits for what is no step.
            return Sliced()
        state = int(self._config.function.removeprefix("state") or 0) if self._config.function != "main" else 0
        if state + 1 < self._args["states"]:
            return Sliced(transition=Transition(function=f"state{state + 1}", memory=self._args))
        return Sliced(done=True, output={"value": state, "heard": len(heard), "items": [10, 11]})

    def _ask(self, heard: list[int]) -> None:
        """What a program asks for that has heard of these steps, the last one just now."""
        source = chance("ask", *self._key, heard)
        for _ in range(source.choice((1, 1, 2, 3))):
            if len(self._asked) < self._args["length"]:
                self._asked.append(self._step(source, len(self._asked)))

    def _step(self, source: Random, number: int) -> NewStep:
        kinds = self._args["kinds"] if self._args["workflows"] else [k for k in self._args["kinds"] if k != "workflow"]
        type_ = source.choice(kinds)
        kind: Kind = "task" if type_ in {PLAY, SCARCE} else type_
        fields: dict[str, Any] = {"config": {"index": None}}
        if type_ in {PLAY, SCARCE}:
            retry = Retry(max_attempts=source.randint(1, 3), initial=source.choice((0.0, 0.1, 1.0)))
            fields = {
                "config": {},
                "retry": retry,
                "timeout": 3.0,
                "type_concurrency": FEW if type_ == SCARCE else None,
            }
        elif type_ == "delay":
            fields = {"config": {"for": source.choice((0, 0.2, 2))}}
        elif type_ == "wait":
            fields = {"config": {"signal": source.choice(SIGNALS), "timeout": source.choice((0.5, 5))}}
        elif type_ == "workflow":
            config = {"name": source.choice(self._args["workflows"]), "wait": source.random() < 0.8}
            fields = {"config": config, "patience": source.choice((None, 3.0)) if config["wait"] else None}
        block = ControlledBlock(id=str(number), type=type_, kind=kind, **fields)
        return NewStep(digest=f"{type_}-{source.random():.6f}", name=type_, block=block)

    def _fail(self, text: str) -> None:
        STAGE.get().fail(f"the program of {self._ctx.task} in {self._ctx.run_id} {text}")


BLOCKS: dict[str, type[Block]] = {**PLAYED, Program.type: Program}
