"""Ctrl-C, SIGTERM and a closed terminal: the first stops in order, the second at once."""

import asyncio
import signal
from collections.abc import Callable, Coroutine
from typing import Any

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


async def until_stopped(
    work: Coroutine[Any, Any, None], *, on_first: Callable[[], None], on_next: Callable[[], None]
) -> bool:
    """Run `work`; whether a signal ended it.

    The first signal cancels it, so that its own `finally` clauses tidy up, after `on_first`; each further one calls
    `on_next`.
    """
    loop = asyncio.get_running_loop()
    task = asyncio.ensure_future(work)
    asked = False

    def stop() -> None:
        nonlocal asked
        if asked:
            on_next()
        else:
            asked = True
            on_first()
            task.cancel()

    # What is ignored, as `nohup` has it, stays ignored.
    heeded = [number for number in _SIGNALS if signal.getsignal(number) is not signal.SIG_IGN]
    for number in heeded:
        loop.add_signal_handler(number, stop)
    try:
        await task
    except asyncio.CancelledError:
        if not asked:
            raise
    finally:
        for number in heeded:
            loop.remove_signal_handler(number)
    return asked
