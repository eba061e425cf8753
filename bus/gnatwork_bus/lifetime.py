"""From the start of a service to its end: what is told to it from outside, and what becomes of it then."""

import asyncio
import contextlib
import signal
from collections.abc import Callable, Iterator
from typing import TypeVar

T = TypeVar("T")

_SIGNALS = (signal.SIGTERM, signal.SIGINT)
#: Seconds until a start that is to be given up is cancelled again.
_AGAIN = 0.5


@contextlib.contextmanager
def on_signals(asked: Callable[[], None]) -> Iterator[None]:
    """Call `asked` for each SIGTERM and SIGINT while the context lasts."""
    loop = asyncio.get_running_loop()
    for number in _SIGNALS:
        loop.add_signal_handler(number, asked)
    try:
        yield
    finally:
        for number in _SIGNALS:
            loop.remove_signal_handler(number)


async def until_ended(service: asyncio.Task[T], *, stop: asyncio.Event, started: asyncio.Event) -> T | None:
    """Wait for a service that, once it has started, ends by itself when `stop` is set.

    One that is still starting then, such as one that waits for NATS, has nothing to finish and is cancelled; the
    result is None.
    """
    stopping = asyncio.create_task(stop.wait())
    try:
        await asyncio.wait({service, stopping}, return_when=asyncio.FIRST_COMPLETED)
        while not started.is_set() and not service.done():
            # A cancellation that meets a refused connection is lost in `asyncio.wait_for` of Python 3.11.
            service.cancel()
            await asyncio.wait({service}, timeout=_AGAIN)
        await asyncio.wait({service})
    finally:
        stopping.cancel()
        service.cancel()
        await asyncio.wait({service})
    return None if service.cancelled() else service.result()
