"""The implicit task `slice`, with the engine played by hand."""

from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from support.executing import Scheduler, hosting
from support.slicing import Play, StepFailed, announce

from gnatwork_schemas.implicit import NewStep

Begin = Callable[..., Play]


@pytest.fixture
async def begin(nats_url: str, scheduler: Scheduler) -> AsyncIterator[Begin]:
    await announce(scheduler, "echo", "calc", "boom")
    async with hosting(nats_url, blocks=("code",)):
        yield lambda source, **fields: Play(scheduler, source, **fields)


def echo(step: NewStep) -> Any:
    if step.block.type == "boom":
        raise StepFailed("boom.happened")
    return step.block.config


async def test_a_program_goes_from_step_to_step(begin: Begin) -> None:
    play = begin(
        """
        async function main(args) {
          const first = await step("echo", {n: args.n});
          const both = await Promise.all([1, 2].map((i) => step("calc", {n: first.n + i})));
          return {sum: both.reduce((sum, one) => sum + one.n, 0)};
        }
    """,
        args={"n": 20},
    )
    done = await play.to_end(echo)
    assert (done.done, done.output) == (True, {"sum": 43})
    assert [step.name for step in play.past] == ["echo", "calc", "calc"]


async def test_python(begin: Begin) -> None:
    play = begin(
        """
import asyncio
async def main(args):
    first = await step("echo", {"n": args["n"]})
    both = await asyncio.gather(*[step("calc", {"n": first["n"] + i}) for i in (1, 2)])
    return {"sum": sum(one["n"] for one in both)}
""",
        args={"n": 20},
        language="python",
    )
    done = await play.to_end(echo)
    assert (done.done, done.output) == (True, {"sum": 43})
    assert [step.name for step in play.past] == ["echo", "calc", "calc"]
