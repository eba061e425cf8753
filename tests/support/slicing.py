"""The engine's side of a program: asks for its slices and settles its steps, one after the other."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import orjson

from gnatwork_bus.kv import Bucket
from gnatwork_bus.payloads import Payloads
from gnatwork_schemas import subjects
from gnatwork_schemas.catalogue import BlockType
from gnatwork_schemas.control_block import ControlBlock, ControlledBlock, Script, ScriptLanguage
from gnatwork_schemas.implicit import NewStep, PastStep, Slice, Sliced, slice_name
from gnatwork_schemas.messages import Work
from gnatwork_schemas.payload import as_reference, reference_value
from support.executing import Scheduler, Sent, base_of, make_work

#: What a step comes to: a value, or an error `{"code", "message"}` to be raised.
Outcome = Callable[[NewStep], Any]


#: Names of control blocks.
_DIGESTS = count()


class StepFailed(Exception):  # noqa: N818 - it stands for an outcome
    """A step that fails with this code."""


@dataclass
class Play:
    """A run of one program."""

    scheduler: Scheduler
    source: str
    language: ScriptLanguage = "javascript"
    args: Any = None
    room: int = 100
    digest: str = ""
    function: str = "main"
    steps: list[NewStep] = field(default_factory=list)
    past: list[PastStep] = field(default_factory=list)
    seen: int | None = None
    first: int = 0
    slices: int = 0
    work: Work = field(default_factory=lambda: make_work("slice", task="main"))
    began_at: float = 1_700_000_000.0

    async def publish(self) -> None:
        """Store the control block of the program as it is now."""
        script = Script(language=self.language, source=self.source, entry="main")
        block = ControlledBlock(id="main", type="script", kind="script", config=None, script=script)
        control_block = ControlBlock(workflow="test", blocks=(block,))
        self.digest = f"{self.work.run_id}-{next(_DIGESTS)}"
        await self._state.put(subjects.control_block_key(self.digest), control_block.model_dump_json().encode())

    async def slice(self) -> Sliced:
        """Ask for the next slice; pytest fails where it fails."""
        return Sliced.model_validate(await self.scheduler.output(await self.ask()))

    async def error(self) -> Any:
        """The error that the next slice fails with."""
        return await self.scheduler.error(await self.ask())

    async def ask(self) -> Sent:
        """Send the next slice."""
        if not self.digest:
            await self.publish()
        self.slices += 1
        config = Slice(
            control_block=self.digest,
            block="main",
            args=self.args,
            function=self.function,
            steps=tuple(self.past),
            seen=self.seen,
            first=self.first,
            room=self.room,
            began_at=self.began_at,
        )
        self.seen = sum(step.sequence is not None for step in self.past)
        task = slice_name("main", self.slices)
        return await self.scheduler.send(
            "slice", config.model_dump(mode="json"), task=task, run_id=self.work.run_id, timeout=60.0
        )

    def take(self, found: Sliced) -> None:
        """Its steps are under way."""
        assert len(found.steps) <= self.room
        for step in found.steps:
            assert step.block.id == str(self.first + len(self.past))
            self.steps.append(step)
            self.past.append(PastStep(step.digest, step.name))

    async def settle(self, number: int, value: Any = None, error: dict[str, Any] | None = None) -> None:
        """A step has come to this."""
        task = f"main/{self.first + number}"
        body = {"v": 1, "task": task, "attempt": 1, "started_at": 1.0, "ended_at": time.time()}
        if error is None:
            event = subjects.output_event(task)
            body["output"] = value
        else:
            event = subjects.error_event(task)
            body["error"] = error
        sequence = await self.scheduler.history.append(base_of(self.work), event, orjson.dumps(body))
        self.past[number] = self.past[number]._replace(sequence=sequence, order=sequence)

    async def to_end(self, outcome: Outcome) -> Sliced:
        """Play on until the program is done: steps settle one by one, the oldest first."""
        while True:
            found = await self.slice()
            if found.done:
                return found
            if found.transition is not None:
                self.function, self.args = found.transition.function, await self.opened(found.transition.memory)
                self.first += len(self.past)
                self.steps, self.past, self.seen = [], [], None
                continue
            self.take(found)
            number = next(at for at, step in enumerate(self.past) if step.sequence is None)
            try:
                await self.settle(number, outcome(self.steps[number]))
            except StepFailed as failed:
                await self.settle(number, error={"code": str(failed), "message": "it did not work"})

    async def opened(self, value: Any) -> Any:
        """A value, or what it refers to."""
        if (reference := as_reference(value)) is None:
            return value
        payloads = Payloads(self.scheduler.connection)
        return orjson.loads(await payloads.get("default", self.work.run_id, reference))

    async def stored(self, value: Any) -> Any:
        """The reference to a value that a step has stored."""
        payloads = Payloads(self.scheduler.connection)
        return reference_value(await payloads.put("default", self.work.run_id, orjson.dumps(value), "step"))

    @property
    def _state(self) -> Bucket:
        return Bucket(self.scheduler.connection, subjects.STATE_BUCKET)


async def announce(scheduler: Scheduler, *types: str, **fields: Any) -> None:
    """Have the catalogue say that there are these block types, which take any object."""
    state = Bucket(scheduler.connection, subjects.STATE_BUCKET)
    for type_ in types:
        entry = BlockType(
            type=type_, title=type_, summary=type_, config_schema={"type": "object"}, output_schema=True
        ).model_copy(update=fields)
        await state.put(subjects.catalogue_key(type_), entry.model_dump_json().encode())
