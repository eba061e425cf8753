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
from chaos.aftermath import Aftermath
from chaos.checker import check
from chaos.cluster import Cluster
from chaos.evidence import Evidence
from chaos.faults import Fault, draw, inflict_all
from chaos.load import Load
from chaos.receiver import Receiver
from chaos.recorder import Recorder
from chaos.report import Report
from gnatwork_bus.connection import Connection

#: Seconds without any event after which a run that has not ended is lost; leases last ten.
_SILENCE = 75.0
#: Seconds between two submissions when there are no faults.
_QUIET = 0.02
#: Seconds between two lines of progress.
_PROGRESS = 10.0

Say = Callable[[str], None]


@dataclass(frozen=True, kw_only=True)
class Options:
    """What a session is to be."""

    seed: int
    runs: int
    #: How often a process is killed; about as many freezes and cuts come between.
    kills: int
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
        roles = {name: service.role for name, service in self._cluster.services.items()}
        self._faults = draw(options.seed, options.kills, options.gap, roles)

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
                seconds=self._faults[-1].at if self._faults else options.runs * _QUIET,
                hook=receiver.url,
                recorder=recorder,
                log=options.folder / evidence.SUBMITTED,
            )
            await stack.enter_async_context(load.connected(cluster))
            await load.store()
            self._began = time.monotonic()
            self._say(f"{len(cluster.services)} processes are up; everything is in {options.folder}")
            telling = asyncio.create_task(self._tell(load, recorder), name="progress")
            try:
                await self._play(load, recorder)
            finally:
                telling.cancel()
                await load.stop()
            figures = self._figures(load)
            rest = await Aftermath(nats, options.folder).look(load.accepted, recorder)
        rest |= {"refused": load.refused, "crashes": cluster.crashes, "figures": figures | rest["figures"]}
        (options.folder / evidence.REST).write_bytes(orjson.dumps(rest))
        report = await asyncio.to_thread(lambda: check(Evidence.read(options.folder)))
        (options.folder / "report.json").write_bytes(report.as_json())
        return report

    async def _play(self, load: Load, recorder: Recorder) -> None:
        """The load and its faults; then wait until all runs have ended or nothing happens any more."""
        cluster = self._cluster
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(inflict_all(self._faults, cluster, self._inflict))
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
                f" {len(load.accepted & recorder.ended)} ended; {len(self._inflicted)} of {len(self._faults)}"
                f" faults{last}"
            )

    def _figures(self, load: Load) -> dict[str, Any]:
        return {
            "seed": self._options.seed,
            "seconds": round(time.monotonic() - self._began),
            "faults": dict(sorted(Counter(self._named(fault) for fault in self._inflicted).items())),
            "requests_repeated": load.repeated,
            "errors_logged": sum(service.errors for service in self._cluster.services.values()),
        }

    def _named(self, fault: Fault) -> str:
        return f"{fault.kind} {self._cluster.services[fault.target].role}"
