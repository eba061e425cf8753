"""One session: an installation, its load, its faults, and what is left in the end."""

import asyncio
import time
from collections import Counter
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from chaos import evidence
from chaos.checker import check
from chaos.cluster import Cluster
from chaos.evidence import Evidence
from chaos.faults import Fault, draw, inflict_all
from chaos.load import Load
from chaos.receiver import Receiver
from chaos.recorder import STREAM, SUBJECTS, Recorder, line
from chaos.report import Report
from gnatwork_bus.connection import Connection
from gnatwork_bus.direct import read_all

#: Seconds without any event after which a run that has not ended is lost; leases last ten.
_SILENCE = 75.0
#: Seconds that what follows the last end may take.
_AFTERMATH = 30.0
#: Seconds between two lines of progress.
_PROGRESS = 10.0

Say = Callable[[str], None]


@dataclass(frozen=True, kw_only=True)
class Options:
    """What a session is to be."""

    seed: int
    runs: int
    faults: int
    #: Seconds for each fault, in which it comes at some moment; the load lasts as long as they do.
    gap: float
    #: New, for everything that is left behind.
    folder: Path


class Session:
    """Runs once."""

    def __init__(self, options: Options, say: Say) -> None:
        self._options = options
        self._say = say
        self._began = time.monotonic()
        self._inflicted: list[Fault] = []
        self._cluster = Cluster(options.folder)

    async def run(self) -> Report:
        """Everything from the first process to the report."""
        options, cluster = self._options, self._cluster
        receiver = Receiver(options.folder / evidence.CALLS)
        async with AsyncExitStack() as stack:
            await stack.enter_async_context(receiver.running())
            await stack.enter_async_context(cluster.running())
            nats = await stack.enter_async_context(Connection.open(cluster.nats, name="chaos"))
            recorder = Recorder(nats, options.folder / evidence.HISTORY)
            await stack.enter_async_context(recorder.running())
            load = Load(
                seed=options.seed,
                runs=options.runs,
                seconds=options.faults * options.gap,
                hook=receiver.url,
                recorder=recorder,
                log=options.folder / evidence.SUBMITTED,
            )
            await stack.enter_async_context(load.connected(cluster))
            self._began = time.monotonic()
            self._say(f"{len(cluster.services)} processes are up; everything is in {options.folder}")
            telling = asyncio.create_task(self._tell(load, recorder), name="progress")
            try:
                await self._play(load, recorder)
            finally:
                telling.cancel()
                await load.stop()
            rest = await self._rest(nats, load, recorder)
        (options.folder / evidence.REST).write_bytes(orjson.dumps(rest | {"crashes": cluster.crashes}))
        report = await asyncio.to_thread(lambda: check(Evidence.read(options.folder)))
        (options.folder / "report.json").write_bytes(report.as_json())
        return report

    async def _play(self, load: Load, recorder: Recorder) -> None:
        """The load and its faults; then wait until all runs have ended or nothing happens any more."""
        options, cluster = self._options, self._cluster
        roles = {name: service.role for name, service in cluster.services.items()}
        faults = draw(options.seed, options.faults, options.gap, roles)
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(inflict_all(faults, cluster, self._inflict))
            tasks.create_task(load.submit_all())
        await recorder.until_ended(load.accepted, _SILENCE)

    def _inflict(self, fault: Fault) -> None:
        self._inflicted.append(fault)
        with (self._options.folder / "faults.txt").open("a") as file:
            file.write(f"{time.time():.3f} {fault}\n")

    async def _tell(self, load: Load, recorder: Recorder) -> None:
        while True:
            await asyncio.sleep(_PROGRESS)
            last = f", last: {self._inflicted[-1]}" if self._inflicted else ""
            self._say(
                f"{time.monotonic() - self._began:5.0f} s  {len(load.accepted)} of {load.runs} runs accepted,"
                f" {len(load.accepted & recorder.ended)} ended; {len(self._inflicted)} of {self._options.faults}"
                f" faults{last}"
            )

    async def _rest(self, nats: Connection, load: Load, recorder: Recorder) -> dict[str, Any]:
        """What is left in all streams, once the last acknowledgements have come or should have."""
        took = time.monotonic() - self._began
        deadline = time.monotonic() + _AFTERMATH
        while True:
            queued = [message.subject for message in await read_all(nats, "WORK", "block.>")]
            statuses = {
                message.subject.rpartition(".")[2]: orjson.loads(message.data)["status"]
                for message in await read_all(nats, "KV_gnatwork_status", "$KV.gnatwork_status.>")
                if message.data
            }
            done = {run_id for run_id, status in statuses.items() if status in evidence.ENDS.values()}
            if (not queued and load.accepted <= done) or time.monotonic() > deadline:
                break
            await asyncio.sleep(0.5)  # the server tells no one when a message is acknowledged
        stored = await read_all(nats, STREAM, SUBJECTS)
        await recorder.until_sequence(stored[-1].sequence if stored else 0, _AFTERMATH)
        with (self._options.folder / evidence.STREAM).open("wb") as file:
            file.writelines(map(line, stored))
        return {
            "queued": queued,
            "dead_letters": [message.subject for message in await read_all(nats, "DEAD_LETTERS", "dead.>")],
            "statuses": statuses,
            "refused": load.refused,
            "figures": {
                "seed": self._options.seed,
                "seconds": round(took),
                "faults": dict(sorted(Counter(self._named(fault) for fault in self._inflicted).items())),
                "requests_repeated": load.repeated,
                "errors_logged": sum(service.errors for service in self._cluster.services.values()),
            },
        }

    def _named(self, fault: Fault) -> str:
        return f"{fault.kind} {self._cluster.services[fault.target].role}"
