"""Slices of programs, with what they need in memory."""

from collections.abc import AsyncIterator
from typing import Any

import orjson
import pytest

from gnatwork_blocks.context import BlockContext
from gnatwork_blocks.errors import BlockError
from gnatwork_blocks.resources import Resources
from gnatwork_blocks.services.memory import MemoryServices
from gnatwork_blocks.testing import Recorder
from gnatwork_engine.json_tree import Path, to_pointer
from gnatwork_net.allow_list import AllowList
from gnatwork_programs.ports import MOST, Outcome, World
from gnatwork_programs.slices import Slices
from gnatwork_schemas.catalogue import BlockType
from gnatwork_schemas.control_block import Script
from gnatwork_schemas.implicit import PastStep, Slice, Sliced

TYPES = {
    type_: BlockType(
        type=type_, title=type_, summary="Of a test.", config_schema={}, output_schema={}, responds=type_ == "answer"
    )
    for type_ in ("echo", "calc", "answer")
}


class Memory:
    """A program, what came of its steps by sequence, and where it is: all ports of a world."""

    def __init__(self, source: str, recorder: Recorder) -> None:
        self.source = source
        self.came: list[Outcome] = []
        self.past: list[PastStep] = []
        self.recorder = recorder
        self.slices = self.anew()

    def anew(self) -> Slices:
        """What runs slices and remembers none."""
        return Slices(
            World(scripts=_Scripts(self), types=_Types(), outcomes=_Outcomes(self), carrier=lambda _: _Plain())
        )

    async def slice(self) -> Sliced:
        """The next slice; what it asks for counts as asked for."""
        config = Slice(
            control_block="d", block="main", function="main", steps=tuple(self.past), room=10, began_at=1_700_000_000.0
        )
        found = await self.slices.run(self.recorder.context(task="main:slice-0"), config)
        sliced = Sliced.model_validate_json(orjson.dumps(found))
        self.past += [PastStep(step.digest, step.name) for step in sliced.steps]
        return sliced

    def settle(self, number: int, value: Any = None, *, failed: bool = False) -> None:
        """Something has come of a step."""
        order = len(self.came)
        self.came.append(Outcome(1_700_000_001.0 + order, failed, orjson.dumps(value)))
        self.past[number] = self.past[number]._replace(sequence=order + 1, order=order)


class _Scripts:
    def __init__(self, memory: Memory) -> None:
        self._memory = memory

    async def get(self, digest: str, path: str) -> Script:
        assert (digest, path) == ("d", "main")
        return Script(language="javascript", source=self._memory.source, entry="main")


class _Types:
    async def get(self, type_: str) -> BlockType | None:
        return TYPES.get(type_)


class _Outcomes:
    def __init__(self, memory: Memory) -> None:
        self._memory = memory

    async def get(self, ctx: BlockContext, sequence: int, *, delay: bool) -> Outcome:
        assert ctx.task == "main:slice-0"
        outcome = self._memory.came[sequence - 1]
        return outcome._replace(text=b"null") if delay else outcome


class _Plain:
    async def value(self, text: bytes, name: str) -> Any:
        assert name == "output"
        return orjson.loads(text)

    async def config(
        self, config: Any, deferred: tuple[Path, ...], number: int, what: str
    ) -> tuple[Any, tuple[str, ...]]:
        assert what.startswith(f"Step {number} ")
        return config, tuple(map(to_pointer, deferred))


@pytest.fixture
async def recorder() -> AsyncIterator[Recorder]:
    async with Resources.allowing(AllowList(), services=MemoryServices()) as resources:
        yield Recorder(resources=resources)


async def test_a_program_runs_until_it_waits_and_hears_in_order(recorder: Recorder) -> None:
    memory = Memory(
        """
        async function main() {
          const heard = [];
          const hear = (name, step) => step.then((value) => heard.push([name, value]));
          await all([hear("a", step("echo", {})), hear("b", sleep("1h")), hear("c", step("calc", {}))]);
          return heard;
        }
    """,
        recorder,
    )
    assert [step.name for step in (await memory.slice()).steps] == ["echo", "delay", "calc"]
    memory.settle(2, "sum")
    memory.settle(1, "whatever the event says")
    memory.settle(0, {"n": 1})
    done = await memory.slice()
    assert (done.done, done.output) == (True, [["c", "sum"], ["b", None], ["a", {"n": 1}]])


async def test_who_remembers_nothing_comes_to_the_same(recorder: Recorder) -> None:
    memory = Memory("async function main() { return [uuid(), await step('echo', {}), uuid()]; }", recorder)
    await memory.slice()
    memory.settle(0, 1)
    first = await memory.slice()
    memory.slices = memory.anew()
    assert await memory.slice() == first


async def test_a_program_that_asks_for_something_else_is_found_out(recorder: Recorder) -> None:
    memory = Memory("async function main() { await step('echo', {}); }", recorder)
    await memory.slice()
    memory.source = memory.source.replace("echo", "calc")
    memory.slices = memory.anew()
    with pytest.raises(BlockError) as caught:
        await memory.slice()
    assert caught.value.info.code == "script.nondeterministic"
    assert caught.value.info.details == {"step": 0, "was": "echo", "now": "calc"}


async def test_what_steps_yield_is_bounded(recorder: Recorder) -> None:
    memory = Memory("async function main() { await step('echo', {}); }", recorder)
    await memory.slice()
    memory.settle(0, "x" * MOST)
    with pytest.raises(BlockError) as caught:
        await memory.slice()
    assert caught.value.info.code == "script.too_large"


async def test_a_program_answers_no_call(recorder: Recorder) -> None:
    memory = Memory("async function main() { await step('answer', {}); }", recorder)
    with pytest.raises(BlockError, match=r"Step 0 \(`answer`, line 1\): a program can't answer the call") as caught:
        await memory.slice()
    assert (caught.value.info.code, caught.value.info.retryable) == ("script.invalid", False)
