"""The worker processes: how many there are, and what becomes of them."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator

import pytest

from gnatwork_blocks.javascript.pool import Pool
from gnatwork_blocks.javascript.service import JavaScript
from gnatwork_blocks.sdk import BlockError

pytestmark = pytest.mark.skipif(not hasattr(os, "pidfd_open"), reason="the end of a process is seen through Linux")


@pytest.fixture
async def pool() -> AsyncIterator[Pool]:
    pool = Pool(size=2, idle=60)
    yield pool
    await pool.aclose()
    assert not pool.pids


@pytest.fixture
def javascript(pool: Pool) -> JavaScript:
    return JavaScript(pool)


async def ended(pid: int) -> None:
    """Return when the process has ended, whoever started it."""
    try:
        descriptor = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    loop, done = asyncio.get_running_loop(), asyncio.Event()
    loop.add_reader(descriptor, done.set)
    try:
        async with asyncio.timeout(30):
            await done.wait()
    finally:
        loop.remove_reader(descriptor)
        os.close(descriptor)


async def only(javascript: JavaScript, pool: Pool) -> int:
    """The number of the only process."""
    await javascript.evaluate("1", {})
    (pid,) = pool.pids
    return pid


async def test_there_is_none_before_the_first_evaluation(pool: Pool, javascript: JavaScript) -> None:
    assert not pool.pids
    await javascript.evaluate("1", {})
    await javascript.evaluate("1", {})
    assert len(pool.pids) == 1


async def test_there_are_no_more_than_allowed(pool: Pool, javascript: JavaScript) -> None:
    found = await asyncio.gather(*(javascript.evaluate("n * 2", {"n": n}) for n in range(200)))
    assert found == [2 * n for n in range(200)]
    assert len(pool.pids) == 2


async def test_errors_of_one_do_not_touch_the_others(pool: Pool, javascript: JavaScript) -> None:
    def asked(n: int) -> str:
        return ("n", "throw n", "(", "new Array(4294967295).join('')")[0 if n % 10 else n // 10 % 4]

    answers = (javascript.evaluate(asked(n), {"n": n}, timeout=0.1) for n in range(80))
    found = await asyncio.gather(*answers, return_exceptions=True)
    for n, one in enumerate(found):
        if asked(n) == "n":
            assert one == n
        else:
            assert isinstance(one, BlockError)
    assert len(pool.pids) <= 4


async def test_a_cancelled_evaluation_ends_its_process(pool: Pool, javascript: JavaScript) -> None:
    pid = await only(javascript, pool)
    task = asyncio.create_task(javascript.evaluate("for (;;);", {}, timeout=60))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await ended(pid)
    assert await javascript.evaluate("1", {}) == 1


async def test_one_that_waits_can_be_cancelled_too() -> None:
    pool = Pool(size=1, waiting=2)
    async with JavaScript(pool) as javascript:
        pid = await only(javascript, pool)
        busy, waits, stays = (asyncio.create_task(javascript.evaluate("for (;;);", {}, timeout=60)) for _ in range(3))
        await asyncio.sleep(0)
        with pytest.raises(BlockError) as caught:
            await javascript.evaluate("1", {})
        assert (caught.value.code, caught.value.retryable) == ("code.busy", True)
        waits.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waits
        assert pool.pids == {pid}
        assert not busy.done()
        for task in (stays, busy):
            task.cancel()
        await asyncio.wait([stays, busy])
        assert await javascript.evaluate("1", {}) == 1


async def test_a_process_that_is_killed_is_told(pool: Pool, javascript: JavaScript) -> None:
    pid = await only(javascript, pool)
    task = asyncio.create_task(javascript.evaluate("for (;;);", {}, timeout=60))
    await asyncio.sleep(0)
    os.kill(pid, signal.SIGKILL)
    with pytest.raises(BlockError) as caught:
        await task
    assert (caught.value.code, caught.value.retryable) == ("code.crashed", True)
    assert await javascript.evaluate("1", {}) == 1
    assert pid not in pool.pids


async def test_one_that_died_while_idle_is_not_asked(pool: Pool, javascript: JavaScript) -> None:
    pid = await only(javascript, pool)
    (worker,) = pool._living
    os.kill(pid, signal.SIGKILL)
    await worker.gone.wait()
    assert await javascript.evaluate("1", {}) == 1


async def test_idle_processes_end_after_a_while() -> None:
    pool = Pool(size=2, idle=0.01)
    async with JavaScript(pool) as javascript:
        for _ in range(2):
            await asyncio.gather(*(javascript.evaluate("1", {}) for _ in range(8)))
            for pid in pool.pids:
                await ended(pid)
        assert await javascript.evaluate("1", {}) == 1


async def test_a_closed_service_has_none() -> None:
    pool = Pool(size=2)
    javascript = JavaScript(pool)
    await asyncio.gather(*(javascript.evaluate("1", {}) for _ in range(4)))
    busy = asyncio.create_task(javascript.evaluate("for (;;);", {}, timeout=60))
    await asyncio.sleep(0)
    pids = pool.pids
    await javascript.aclose()
    for pid in pids:
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)
    for failed in (busy, javascript.evaluate("1", {})):
        with pytest.raises(BlockError) as caught:
            await failed
        assert caught.value.code == "code.crashed"
    assert not pool.pids


async def test_it_can_be_closed_before_it_was_used() -> None:
    await JavaScript().aclose()


_EXECUTOR = """
import asyncio, sys
from gnatwork_blocks.javascript.pool import Pool
from gnatwork_blocks.javascript.service import JavaScript

async def main():
    pool = Pool(size=2)
    javascript = JavaScript(pool)
    await asyncio.gather(javascript.evaluate("1", {}), javascript.evaluate("1", {}))
    idle = pool.pids
    busy = asyncio.create_task(javascript.evaluate(sys.argv[1], {}, timeout=3600))
    await asyncio.sleep(0)
    print(*idle, flush=True)
    await busy

asyncio.run(main())
"""


@pytest.mark.parametrize("source", ["for (;;);", "new Array(4294967295).join('')"])
async def test_none_outlives_an_executor_that_is_killed(source: str) -> None:
    executor = await asyncio.create_subprocess_exec(
        sys.executable, "-c", _EXECUTOR, source, stdout=asyncio.subprocess.PIPE
    )
    assert executor.stdout is not None
    pids = [int(pid) for pid in (await executor.stdout.readline()).split()]
    assert len(pids) == 2
    executor.kill()
    await executor.wait()
    for pid in pids:
        await ended(pid)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
async def test_signals_to_the_whole_group_leave_them_to_the_executor(
    pool: Pool, javascript: JavaScript, number: signal.Signals
) -> None:
    pid = await only(javascript, pool)
    os.kill(pid, number)
    assert await javascript.evaluate("2", {}) == 2
    assert pool.pids == {pid}
