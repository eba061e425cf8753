"""The first signal stops in order, the second at once."""

import asyncio
import os
import signal

from gnatwork_cli.signals import until_stopped


def ignore() -> None:
    """Nothing to do."""


async def test_work_that_ends_by_itself() -> None:
    assert not await until_stopped(asyncio.sleep(0), on_first=ignore, on_next=ignore)


async def test_the_first_cancels_and_the_next_is_passed_on() -> None:
    said: list[str] = []
    told = asyncio.Event()

    def hurry() -> None:
        said.append("next")
        told.set()

    async def work() -> None:
        try:
            os.kill(os.getpid(), signal.SIGTERM)
            await asyncio.Event().wait()
        finally:
            said.append("tidying")
            os.kill(os.getpid(), signal.SIGINT)
            await told.wait()

    assert await until_stopped(work(), on_first=lambda: said.append("first"), on_next=hurry)
    assert said == ["first", "tidying", "next"]
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
