"""Processes that do not keep to what was agreed: what runs in them may have been taken over by a script."""

import asyncio
import contextlib
import os
import signal
import time

import pytest

from gnatwork_blocks.javascript import process
from gnatwork_blocks.javascript.pool import Pool
from gnatwork_blocks.javascript.service import JavaScript
from gnatwork_blocks.sdk import BlockError

_WORKER = """
import struct, sys
def send(data):
    sys.stdout.buffer.write(struct.pack("<I", len(data)) + data)
    sys.stdout.buffer.flush()
send(b'{{"layers": {{}}}}')
for _ in range(2):
    sys.stdin.buffer.read(struct.unpack("<I", sys.stdin.buffer.read(4))[0])
{answer}
sys.stdin.buffer.read()
"""


async def refused(answer: str) -> None:
    async with JavaScript(Pool(size=1)) as javascript:
        with pytest.raises(BlockError) as caught:
            await javascript.evaluate("1", {}, timeout=30)
        assert (caught.value.code, caught.value.retryable) == ("code.crashed", True), answer


@pytest.mark.parametrize(
    "answer",
    [
        "send(b'')",
        "send(b'no JSON')",
        "send(b'[]')",
        "send(b'7')",
        "send(b'{}')",
        "send(b'{\"error\": 1}')",
        'send(b\'{"error": {"code": "Not A Code", "message": "", "at": 0, "line": 0}}\')',
        'send(b\'{"error": {"code": 7, "message": [], "at": 0, "line": 0}}\')',
        "send(b'\\xff')",
        "sys.stdout.buffer.write(b'\\xff' * 8); sys.stdout.buffer.flush()",
        "sys.stdout.buffer.write(b'\\x01\\x00\\x00\\x00ab'); sys.stdout.buffer.flush()",
        "sys.exit(3)",
    ],
)
async def test_an_answer_that_makes_no_sense(monkeypatch: pytest.MonkeyPatch, answer: str) -> None:
    monkeypatch.setattr(process, "_PROGRAM", _WORKER.format(answer=answer))
    await refused(answer)


@pytest.mark.parametrize("program", ["raise SystemExit(3)", "print('hello')", "no python"])
async def test_a_process_that_does_not_start(monkeypatch: pytest.MonkeyPatch, program: str) -> None:
    monkeypatch.setattr(process, "_PROGRAM", program)
    await refused(program)


async def test_a_process_that_never_gets_ready(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "_PROGRAM", "import sys; sys.stdin.read()")
    monkeypatch.setattr(process, "START_TIMEOUT", 0.1)
    await refused("nothing")


async def test_a_program_that_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "_command", lambda _: ["/no/such/python"])
    await refused("nothing")


async def test_what_it_sends_unasked_ends_it(monkeypatch: pytest.MonkeyPatch) -> None:
    answer = "send(b'{\"value\": 1}'); send(b'{\"value\": 2}')"
    monkeypatch.setattr(process, "_PROGRAM", _WORKER.format(answer=answer))
    pool = Pool(size=1)
    async with JavaScript(pool) as javascript:
        # When both come at once, the first is not believed either.
        with contextlib.suppress(BlockError):
            assert await javascript.evaluate("1", {}) == 1
        (worker,) = pool._living
        await worker.gone.wait()
        assert not worker.alive


async def test_who_stood_still_has_its_time_again() -> None:
    pool = Pool(size=1)
    async with JavaScript(pool) as javascript:
        assert await javascript.evaluate("1", {}) == 1
        (worker,) = pool._living
        os.kill(worker.pid, signal.SIGSTOP)
        asked = asyncio.create_task(javascript.evaluate("2", {}, timeout=0.5))
        await asyncio.sleep(0)
        # As when a container is paused: the executor and its processes, for longer than the script may take.
        time.sleep(2.5)  # noqa: ASYNC251 - the loop is to stand still
        os.kill(worker.pid, signal.SIGCONT)
        assert await asked == 2
