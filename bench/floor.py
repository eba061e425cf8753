"""The floor: the bare flow over JetStream, nothing promised but that each step is stored before the next.

A client appends starts to a stream, a scheduler process turns each event into work items, an executor process
turns each work item into an output event. No definitions, templates, checks, status, metrics or retries: the product
pays for those, and is quoted as a ratio of this, measured in the same run with the same server settings.
"""

import asyncio
import statistics
import sys
import time
from collections.abc import Awaitable, Callable
from typing import Any

import orjson
import uvloop
from nats.aio.client import Client
from nats.aio.msg import Msg

from bench.figures import Figures
from bench.processes import cpu_seconds, family, memory_mb
from bench.workloads import LARGE, LARGE_STEPS, STEPS, TEXT, WIDTH

_SHARDS = 8
_IDLE_SECONDS = 10.0
_SECOND = 1_000_000_000

Handler = Callable[[Msg], Awaitable[None]]


class _Pipe:
    """Publishes with a future per acknowledgement."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._inbox = client.new_inbox()
        self._count = 0
        self._futures: dict[str, asyncio.Future[None]] = {}

    async def open(self) -> None:
        async def stored(message: Msg) -> None:
            if future := self._futures.pop(message.subject.rpartition(".")[2], None):
                future.set_result(None)

        await self._client.subscribe(f"{self._inbox}.*", cb=stored)

    async def put(self, subject: str, body: dict[str, Any]) -> asyncio.Future[None]:
        self._count += 1
        future = self._futures[str(self._count)] = asyncio.get_running_loop().create_future()
        await self._client.publish(subject, orjson.dumps(body), reply=f"{self._inbox}.{self._count}")
        return future


async def _pull(client: Client, stream: str, durable: str, batch: int, handle: Handler) -> None:
    """Ask for more as soon as half of what was asked for has come."""
    inbox = client.new_inbox()
    open_requests = 0
    request = orjson.dumps({"batch": batch, "expires": 30 * _SECOND, "idle_heartbeat": 5 * _SECOND})

    async def ask() -> None:
        nonlocal open_requests
        open_requests += batch
        await client.publish(f"$JS.API.CONSUMER.MSG.NEXT.{stream}.{durable}", request, reply=inbox)

    async def take(message: Msg) -> None:
        nonlocal open_requests
        status = (message.headers or {}).get("Status")
        if status == "100":
            return
        open_requests = 0 if status else open_requests - 1
        if open_requests < batch // 2:
            await ask()
        if not status:
            await handle(message)

    await client.subscribe(inbox, cb=take, pending_msgs_limit=0, pending_bytes_limit=0)
    await ask()


async def _acknowledge(client: Client, message: Msg, stored: list[asyncio.Future[None]]) -> None:
    await asyncio.gather(*stored)
    await client.publish(message.reply, b"+ACK")


async def _connect(url: str) -> Client:
    client = Client()
    await client.connect(url, pending_size=128 << 20)
    return client


async def _execute(url: str) -> None:
    client = await _connect(url)
    pipe = _Pipe(client)
    await pipe.open()
    tasks: set[asyncio.Task[None]] = set()

    async def handle(message: Msg) -> None:
        work = orjson.loads(message.data)
        stored = await pipe.put(work["to"], {"task": work["task"], "output": work["config"], "at": time.time()})
        task = asyncio.ensure_future(_acknowledge(client, message, [stored]))
        tasks.add(task)
        task.add_done_callback(tasks.discard)

    await _pull(client, "WORK", "executor", 512, handle)
    await asyncio.Event().wait()


class _Run:
    """What the floor's scheduler knows of a run."""

    __slots__ = ("left", "text", "wide")

    def __init__(self, left: int, wide: bool, text: str) -> None:
        self.left = left
        self.wide = wide
        self.text = text


async def _schedule(url: str) -> None:
    client = await _connect(url)
    pipe = _Pipe(client)
    await pipe.open()
    runs: dict[str, _Run] = {}
    tasks: set[asyncio.Task[None]] = set()

    async def dispatch(base: str, name: str, number: int, text: str) -> asyncio.Future[None]:
        work = {"task": number, "config": {"text": text, "step": number}, "to": f"{base}.block.{number}.output"}
        return await pipe.put(f"block.noop.normal.default.{name}.{number}.input", work)

    async def handle(message: Msg) -> None:
        tokens = message.subject.split(".")
        base, name, body = ".".join(tokens[:5]), tokens[4], orjson.loads(message.data)
        stored: list[asyncio.Future[None]] = []
        if tokens[-1] == "start":
            run = runs[name] = _Run(body["steps"], body["wide"], body["text"])
            first = range(run.left if run.wide else 1)
            stored += [await dispatch(base, name, run.left - number, run.text) for number in first]
        elif tokens[-1] == "output" and (found := runs.get(name)):
            found.left -= 1
            if not found.left:
                del runs[name]
                stored.append(await pipe.put(f"{base}.complete", body))
            elif not found.wide:
                stored.append(await dispatch(base, name, found.left, found.text))
        task = asyncio.ensure_future(_acknowledge(client, message, stored))
        tasks.add(task)
        task.add_done_callback(tasks.discard)

    for shard in range(_SHARDS):
        await _pull(client, "HISTORY", f"scheduler-{shard}", 256, handle)
    await asyncio.Event().wait()


async def _declare(client: Client) -> None:
    async def ask(subject: str, body: dict[str, Any]) -> None:
        reply = orjson.loads((await client.request(f"$JS.API.{subject}", orjson.dumps(body), timeout=5)).data)
        if "error" in reply:
            raise RuntimeError(f"{subject}: {reply['error']}")

    history = {
        "name": "HISTORY",
        "subjects": ["history.>"],
        "storage": "file",
        "allow_direct": True,
        "republish": {"src": "history.*.*.*.*.>", "dest": "workflow.{{wildcard(4)}}.>"},
    }
    work = {
        "name": "WORK",
        "subjects": ["block.>"],
        "storage": "file",
        "retention": "workqueue",
        "max_msgs_per_subject": 1,
        "discard": "new",
        "discard_new_per_subject": True,
    }
    for stream in (history, work):
        await ask(f"STREAM.CREATE.{stream['name']}", stream)
    consumers = [("HISTORY", f"scheduler-{n}", f"history.{n}.>") for n in range(_SHARDS)]
    for name, durable, subject in [*consumers, ("WORK", "executor", "block.noop.>")]:
        config = {
            "durable_name": durable,
            "ack_policy": "explicit",
            "filter_subject": subject,
            "max_ack_pending": 20_000,
            "ack_wait": 30 * _SECOND,
        }
        await ask(f"CONSUMER.CREATE.{name}.{durable}", {"stream_name": name, "config": config})


async def measure(url: str, server_pid: int, *, runs: int, repeat: int) -> Figures:
    """All figures of the floor on the server at `url`, which is empty and has this process id."""
    client = await _connect(url)
    await _declare(client)
    children = [
        await asyncio.create_subprocess_exec(sys.executable, "-m", "bench.floor", role, url)
        for role in ("schedule", "execute")
    ]
    try:
        return await _measure(client, [server_pid, *(child.pid for child in children)], runs=runs, repeat=repeat)
    finally:
        for child in children:
            child.terminate()
        for child in children:
            await child.wait()
        await client.close()


async def _measure(client: Client, pids: list[int], *, runs: int, repeat: int) -> Figures:
    pipe = _Pipe(client)
    await pipe.open()
    waiting: dict[str, asyncio.Future[None]] = {}
    begun = 0

    async def completed(message: Msg) -> None:
        if future := waiting.pop(message.subject.split(".")[1], None):
            future.set_result(None)

    await client.subscribe("workflow.*.complete", cb=completed)

    async def start(steps: int, *, wide: bool = False, text: str = TEXT) -> asyncio.Future[None]:
        nonlocal begun
        begun += 1
        name = f"r{begun}"
        future = waiting[name] = asyncio.get_running_loop().create_future()
        body = {"steps": steps, "wide": wide, "text": text}
        await pipe.put(f"history.{begun % _SHARDS}.default.bench.{name}.start", body)
        return future

    async def timed(steps: int, **more: Any) -> float:
        begin = time.perf_counter()
        await asyncio.wait_for(await start(steps, **more), 30)
        return (time.perf_counter() - begin) * 1000

    # The first run waits until both processes are up.
    await timed(STEPS)
    everyone = [pid for parent in pids for pid in family(parent)]
    before = cpu_seconds(everyone)
    await asyncio.sleep(_IDLE_SECONDS)
    idle = 100 * (cpu_seconds(everyone) - before) / _IDLE_SECONDS
    memory = memory_mb(everyone)
    alone = statistics.median([await timed(STEPS) for _ in range(repeat)]) / STEPS
    wide = statistics.median([await timed(WIDTH + 1, wide=True) for _ in range(max(5, repeat // 4))])
    large = statistics.median([await timed(LARGE_STEPS, text="x" * LARGE) for _ in range(max(5, repeat // 4))])
    begin = time.perf_counter()
    await asyncio.wait_for(asyncio.gather(*[await start(STEPS) for _ in range(runs)]), 300)
    return Figures(
        linear10_ms_per_step=alone,
        fanout100_ms=wide,
        linear10_steps_per_s=runs * STEPS / (time.perf_counter() - begin),
        payload100k_ms=large,
        idle_cpu_percent=idle,
        rss_mb=memory,
    )


if __name__ == "__main__":
    uvloop.run({"schedule": _schedule, "execute": _execute}[sys.argv[1]](sys.argv[2]))
