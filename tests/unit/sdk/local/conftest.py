"""Blocks that flows of these tests are made of."""

import asyncio

import pytest
from pydantic import BaseModel

from gnatwork import Block, BlockContext, BlockError


class Greet(Block):
    type = "greet"
    title = "Greet"
    summary = "Says hello, after it has said that it will."

    class Config(BaseModel):
        name: str

    async def run(self, ctx: BlockContext, config: Config) -> dict[str, str]:
        ctx.log("info", "about to greet", name=config.name)
        ctx.progress(0.5, "half way")
        return {"text": f"Hello, {config.name}!"}


class InThread(Block):
    type = "in-thread"
    title = "In a thread"
    summary = "Works where it may wait."

    def run(self, ctx: BlockContext, config: object) -> object:
        ctx.log("info", "from a thread")
        return config


class Flaky(Block):
    type = "flaky"
    title = "Flaky"
    summary = "Fails until its third attempt."

    async def run(self, ctx: BlockContext, _: object) -> int:
        if ctx.attempt < 3:
            raise BlockError("flaky.down", "Not yet.", retryable=True)
        return ctx.attempt


class Stubborn(Block):
    type = "stubborn"
    title = "Stubborn"
    summary = "Waits for ever, and says when it is stopped."
    stopped: asyncio.Event

    async def run(self, _: BlockContext, __: object) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            self.stopped.set()


@pytest.fixture
def stubborn() -> type[Stubborn]:
    Stubborn.stopped = asyncio.Event()
    return Stubborn
