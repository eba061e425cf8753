"""Runs submitted over HTTP: how many a second one manager accepts, and how long each takes at a steady rate.

The load comes from a process of its own with a lean client, so that what is measured is the manager and not its
caller. At a steady rate each submission has its moment, whatever became of those before; its time counts from there.
"""

import asyncio
import json
import statistics
import sys
import time
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import urlsplit

import orjson
import uvloop

from bench.processes import cpu_seconds, family, find
from bench.workloads import parked

_CONNECTIONS = 100
#: Seconds of submissions that do not count: connections are opened, and what is stored once is stored.
_WARM = 2.0
#: Runs a second that one manager must accept.
ASKED_RATE = 1000
#: Milliseconds in which 99 of 100 must be accepted at half of that rate.
ASKED_P99 = 50


class _Caller(asyncio.Protocol):
    """A kept-alive connection that sends one request at a time."""

    def __init__(self, request: bytes) -> None:
        self._request = request
        self._transport: Any = None
        self._data = b""
        self._answered: asyncio.Future[None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._data += data
        head, separator, body = self._data.partition(b"\r\n\r\n")
        if not separator:
            return
        length = int(head.lower().partition(b"content-length:")[2].split(b"\r\n", 1)[0])
        if len(body) < length or self._answered is None:
            return
        self._data = b""
        if head.startswith(b"HTTP/1.1 202 "):
            self._answered.set_result(None)
        else:
            self._answered.set_exception(RuntimeError((head + body).decode()))

    def connection_lost(self, _: Exception | None) -> None:
        if self._answered and not self._answered.done():
            self._answered.set_exception(ConnectionError("the manager has closed the connection"))

    async def submit(self) -> None:
        """Return once the run is accepted."""
        self._answered = asyncio.get_running_loop().create_future()
        self._transport.write(self._request)
        await self._answered


async def _callers(url: str, token: str) -> list[_Caller]:
    parts = urlsplit(url)
    body = orjson.dumps({"workflow": parked(), "input": {"text": "x" * 150}})
    head = (
        f"POST /api/v1/runs HTTP/1.1\r\nHost: {parts.netloc}\r\nAuthorization: Bearer {token}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    loop = asyncio.get_running_loop()
    callers = []
    for _ in range(_CONNECTIONS):
        _, caller = await loop.create_connection(
            lambda: _Caller(head.encode() + body), parts.hostname or "", parts.port or 80
        )
        callers.append(caller)
    return callers


async def _as_fast_as_it_goes(callers: list[_Caller], seconds: float) -> list[float]:
    """The milliseconds of each submission, where every connection sends the next one once it is answered."""
    taken: list[float] = []
    end = time.perf_counter() + seconds

    async def go_on(caller: _Caller) -> None:
        while (begin := time.perf_counter()) < end:
            await caller.submit()
            taken.append(1000 * (time.perf_counter() - begin))

    await asyncio.gather(*map(go_on, callers))
    return taken


async def _steadily(callers: list[_Caller], seconds: float, rate: float) -> list[float]:
    """The milliseconds of each submission from the moment at which it was due."""
    taken: list[float] = []
    free: asyncio.Queue[_Caller] = asyncio.Queue()
    for caller in callers:
        free.put_nowait(caller)

    async def one(due: float) -> None:
        caller = await free.get()
        await caller.submit()
        free.put_nowait(caller)
        taken.append(1000 * (time.perf_counter() - due))

    begin = time.perf_counter()
    async with asyncio.TaskGroup() as tasks:
        for number in range(int(seconds * rate)):
            due = begin + number / rate
            if (early := due - time.perf_counter()) > 0:
                await asyncio.sleep(early)
            tasks.create_task(one(due))
    return taken


async def _load(url: str, token: str, seconds: float, rate: float) -> dict[str, float]:
    callers = await _callers(url, token)
    load: Callable[[float], Awaitable[list[float]]] = (
        (lambda time_: _steadily(callers, time_, rate)) if rate else (lambda time_: _as_fast_as_it_goes(callers, time_))
    )
    await load(_WARM)
    begin = time.perf_counter()
    taken = sorted(await load(seconds))
    elapsed = time.perf_counter() - begin
    return {
        "per_s": round(len(taken) / elapsed),
        "p50_ms": round(statistics.median(taken), 2),
        "p99_ms": round(taken[int(0.99 * len(taken))], 2),
        "max_ms": round(taken[-1], 2),
    }


async def measure(connection: dict[str, Any], *, seconds: float) -> dict[str, Any]:
    """The figures of one manager, from the connection of a whole `gnatwork up`."""
    manager = find(family(connection["pid"]), "gnatwork", "manager")
    figures: dict[str, Any] = {"system": "gnatwork", "submissions_over_http": _CONNECTIONS}
    # In this order: schedulers go on for a while with what a flood has brought.
    for name, rate in (("steady", ASKED_RATE // 2), ("most", 0)):
        before = cpu_seconds([manager])
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "bench.submissions"),
            *(connection["api"], connection["token"], str(seconds), str(rate)),
            stdout=asyncio.subprocess.PIPE,
        )
        out, _ = await process.communicate()
        found = json.loads(out)
        used = 1000 * (cpu_seconds([manager]) - before) / (found["per_s"] * (seconds + _WARM))
        figures |= {f"{name}_{key}": value for key, value in found.items()}
        figures[f"{name}_manager_cpu_ms"] = round(used, 3)
    figures["asked_and_measured"] = {
        "accepted per second": [f">= {ASKED_RATE}", figures["most_per_s"]],
        f"p99 at {ASKED_RATE // 2} per second, ms": [f"< {ASKED_P99}", figures["steady_p99_ms"]],
    }
    return figures


if __name__ == "__main__":
    url_, token_, seconds_, rate_ = sys.argv[1:]
    print(json.dumps(uvloop.run(_load(url_, token_, float(seconds_), float(rate_)))))
