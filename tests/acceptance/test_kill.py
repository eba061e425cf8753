"""Any one process is killed in the middle of the work, and no run is lost, started twice or ended twice."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from support.installation import Installation, up

from gnatwork import Client
from gnatwork.errors import ClientError
from gnatwork_bus.connection import Connection
from gnatwork_bus.direct import read_all
from gnatwork_schemas import subjects

_RUNS = 150
_STEPS = 6
_DEFINITION = {
    "name": "killed",
    "steps": [
        {"id": f"s{number}", "type": "noop", "config": {"n": "{{ input.n }}"}, "retry": {"max_attempts": 3}}
        for number in range(_STEPS)
    ],
}


@pytest.fixture
async def installation(tmp_path: Path) -> AsyncIterator[Installation]:
    async with up(tmp_path) as running:
        yield running
        assert await running.stop() == 0


async def submit(client: Client, number: int) -> str:
    """Start a run and do not give up: the key makes it one run, however often it is asked for."""
    while True:
        try:
            return (await client.start(_DEFINITION, input={"n": number}, idempotency_key=f"run-{number}")).run_id
        except ClientError:
            # Whoever answers is being started again; its socket says when.
            await asyncio.to_thread(lambda: None)


@pytest.mark.timeout(180)
@pytest.mark.parametrize("service", ["executor-logic", "scheduler", "manager", "nats"])
async def test_a_killed_process_loses_no_run(installation: Installation, service: str) -> None:
    async with installation.client() as client, Connection.open(installation.addresses["nats"], name="test") as nats:
        ends: Counter[str] = Counter()
        news = asyncio.Event()

        def ended(subject: str, _: bytes) -> None:
            ends[subject.split(".")[1]] += 1
            news.set()

        await nats.listen(subjects.live_event("*", subjects.COMPLETE), ended)
        slots = asyncio.Semaphore(20)

        async def one(number: int) -> str:
            async with slots:
                return await submit(client, number)

        submitting = asyncio.ensure_future(asyncio.gather(*(one(number) for number in range(_RUNS))))
        while len(ends) < _RUNS // 5:
            news.clear()
            await news.wait()
        installation.kill(service)
        started = await submitting
        outputs = await asyncio.gather(*(client.run(run_id).result(90) for run_id in started))
        assert [output[f"s{_STEPS - 1}"] for output in outputs] == [{"n": number} for number in range(_RUNS)]
        await check_history(nats, started)


async def check_history(nats: Connection, runs: list[str]) -> None:
    """Exactly these runs started, each once, and each ended once."""
    starts: Counter[str] = Counter()
    ends: Counter[str] = Counter()
    for message in await read_all(nats, subjects.HISTORY, subjects.HISTORY_SUBJECTS):
        subject = subjects.parse_history(message.subject)
        if subject.event == subjects.START:
            starts[subject.run_id] += 1
        elif subject.event in subjects.ENDS:
            ends[subject.run_id] += 1
    assert starts == Counter(runs)
    assert ends == Counter(runs)
