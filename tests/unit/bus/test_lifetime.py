import asyncio
import contextlib
import os
import signal

import pytest

from gnatwork_bus.lifetime import on_signals, until_ended


async def test_a_service_that_has_started_ends_by_itself() -> None:
    stop, started = asyncio.Event(), asyncio.Event()

    async def service() -> str:
        started.set()
        await stop.wait()
        return "drained"

    ended = asyncio.ensure_future(until_ended(asyncio.create_task(service()), stop=stop, started=started))
    await started.wait()
    stop.set()
    assert await ended == "drained"


async def test_a_start_is_given_up_even_when_its_cancellation_is_lost() -> None:
    stop, begun = asyncio.Event(), asyncio.Event()

    async def service() -> str:
        begun.set()
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.Event().wait()
        await asyncio.Event().wait()
        return "never"

    ended = asyncio.ensure_future(until_ended(asyncio.create_task(service()), stop=stop, started=asyncio.Event()))
    await begun.wait()
    stop.set()
    assert await ended is None


async def test_what_a_service_raises_is_raised() -> None:
    async def service() -> None:
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        await until_ended(asyncio.create_task(service()), stop=asyncio.Event(), started=asyncio.Event())


async def test_signals_are_heard_only_within_the_context() -> None:
    heard = asyncio.Event()
    before = signal.getsignal(signal.SIGTERM)
    with on_signals(heard.set):
        os.kill(os.getpid(), signal.SIGTERM)
        await heard.wait()
    assert signal.getsignal(signal.SIGTERM) == before
