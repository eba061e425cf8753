"""Executors as processes of their own."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

_PROGRAM = """
import asyncio, sys
from gnatwork_executor.serve import run_executor
from gnatwork_executor.settings import ExecutorSettings
url, block, drain, most = sys.argv[1:]
settings = ExecutorSettings(nats_url=url, blocks=(block,), drain=float(drain), max_deliveries=int(most))
asyncio.run(run_executor(settings))
"""


@asynccontextmanager
async def executor_process(
    url: str,
    block: str,
    *,
    drain: float = 5.0,
    prepare: str = "",
    max_deliveries: int = 5,
    stderr: int | None = None,
) -> AsyncIterator[asyncio.subprocess.Process]:
    """A process that hosts one block type; killed when the context ends, if it still runs.

    `prepare` is Python that it runs first.
    """
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        prepare + _PROGRAM,
        url,
        block,
        str(drain),
        str(max_deliveries),
        stderr=stderr,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])},
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()
