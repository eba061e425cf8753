"""Calls of functions in Python, as blocks make them."""

import asyncio
import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from gnatwork_blocks.calls.conversation import Call
from gnatwork_blocks.python.service import Python
from gnatwork_blocks.sdk import BlockError

pytestmark = pytest.mark.skipif(not hasattr(os, "pidfd_open"), reason="the end of a process is seen through Linux")


@pytest.fixture(scope="module")
async def python() -> AsyncIterator[Python]:
    async with Python() as python:
        yield python


def call(source: str, value: Any = None, **changes: Any) -> Call:
    return Call(**{"source": source, "entry": "main", "value": value, "say": lambda _level, _text: None, **changes})


async def failure(python: Python, source: str, **changes: Any) -> BlockError:
    with pytest.raises(BlockError) as caught:
        await python.call(call(source, **changes))
    return caught.value


@pytest.mark.parametrize(
    ("source", "value", "found"),
    [
        ("def main(x): return x", {"a": [1, "é", None, True]}, {"a": [1, "é", None, True]}),
        ("async def main(x): return x + 1", 1, 2),
        (
            "import asyncio\nasync def one(): return 1\nasync def main(x): return await asyncio.gather(one(), one())",
            0,
            [1, 1],
        ),
        (
            "import json, re, math\ndef main(x): return [math.floor(x), json.loads('[1]'), re.findall('a+', 'aab')]",
            1.5,
            [1, [1], ["aa"]],
        ),
        ("main = lambda x: x * 2", 4, 8),
        ("class P:\n    def __init__(self, n): self.n = n\ndef main(x): return P(x).n", 7, 7),
    ],
)
async def test_what_a_function_returns(python: Python, source: str, value: Any, found: Any) -> None:
    assert await python.call(call(source, value)) == found


async def test_the_function_may_be_called_otherwise(python: Python) -> None:
    assert await python.call(call("def total(xs): return sum(xs)", [1, 2], entry="total")) == 3


async def test_what_went_wrong_has_its_name_and_line(python: Python) -> None:
    error = await failure(python, "def half(n):\n    return 1 / n\n\ndef main(x):\n    return half(0)")
    assert (error.code, error.details) == ("code.error", {"name": "ZeroDivisionError", "line": 2})
    assert error.message == "ZeroDivisionError: division by zero (line 2)"
    assert not error.retryable


async def test_a_function_that_takes_nothing_is_a_mistake_of_no_line(python: Python) -> None:
    error = await failure(python, "def main(): return 1")
    assert (error.code, error.details) == ("code.error", {"name": "TypeError"})


async def test_a_missing_function_is_told_how_it_is_written(python: Python) -> None:
    error = await failure(python, "def other(x): pass")
    assert (error.code, "def main(input): …" in error.message) == ("code.no_entry", True)


async def test_what_is_printed_comes_as_lines(python: Python) -> None:
    lines: list[tuple[Any, str]] = []
    printed = "print('a', x); print('b\\nc', end=''); print('bad', file=sys.stderr)"
    source = f"import sys\ndef main(x):\n    {printed}\n    x.y"
    with pytest.raises(BlockError):
        await python.call(call(source, 1, say=lambda level, text: lines.append((level, text))))
    assert sorted(lines) == [("info", "a 1"), ("info", "b"), ("info", "c"), ("warning", "bad")]


async def test_of_a_flood_the_beginning_is_kept(python: Python) -> None:
    lines: list[str] = []
    source = "def main(x):\n    for n in range(1000): print(n, 'y' * 5000)"
    await python.call(call(source, say=lambda _, text: lines.append(text)))
    assert len(lines) == 101
    assert lines[0].startswith("0 y")
    assert len(lines[0]) == 2001
    assert lines[-1] == "900 more lines were left out: a call may print 100."


async def test_calls_at_once_do_not_mix(python: Python) -> None:
    calls = (python.call(call("seen = []\ndef main(x):\n    seen.append(x)\n    return seen", n)) for n in range(50))
    assert await asyncio.gather(*calls) == [[n] for n in range(50)]


def children(pid: int) -> list[int]:
    return [int(child) for child in told(pid, f"task/{pid}/children").split()]


def told(pid: int, file: str) -> str:
    """What the kernel tells of a process."""
    return Path(f"/proc/{pid}/{file}").read_text()


async def test_a_cancelled_call_ends_the_interpreter_too(python: Python) -> None:
    await python.call(call("def main(x): return x"))
    interpreters = {child for pid in python.pool.pids for child in children(pid)}
    assert interpreters
    ends = [os.pidfd_open(pid) for pid in interpreters]
    tasks = [asyncio.create_task(python.call(call("while True: pass", timeout=60))) for _ in python.pool.pids]
    await asyncio.sleep(0)
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks)
    loop = asyncio.get_running_loop()
    async with asyncio.timeout(30):
        for end in ends:
            ended = asyncio.Event()
            loop.add_reader(end, ended.set)
            await ended.wait()
            loop.remove_reader(end)
            os.close(end)
    assert await python.call(call("def main(x): return x", 1)) == 1


async def test_all_walls_are_up_around_the_interpreter(python: Python) -> None:
    await python.call(call("def main(x): return x"))
    for worker in python.pool._living:
        assert worker.layers.keys() == {"limits", "no_new_privs", "landlock", "seccomp"}
        assert worker.layers["limits"]
        assert worker.layers["no_new_privs"]
    for pid in python.pool.pids:
        for child in children(pid):
            status = told(child, "status")
            assert "NoNewPrivs:\t1" in status
            assert ("Seccomp:\t2" in status) == all(worker.layers["seccomp"] for worker in python.pool._living)
