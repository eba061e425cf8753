"""Programs as workflows: what a thousand steps take, and how soon a program goes on after a `kill -9`."""

import asyncio
import os
import signal
import time
from pathlib import Path

from gnatwork import Client
from gnatwork.runs import RunHandle
from gnatwork.scripts import Language
from gnatwork_schemas.status import RunStatus

#: Steps of each program.
STEPS = 1_000

_SOURCES: dict[Language, str] = {
    "javascript": """
        async function main(n) {
          for (let i = 0; i < n; i++) await step("noop", {i});
          return await waitSignal("go");
        }
    """,
    "python": """
async def main(n):
    for i in range(n):
        await step("noop", {"i": i})
    return await wait_signal("go")
""",
}


_NOTHING: dict[Language, str] = {
    "javascript": "function main() { return 1; }",
    "python": "def main(args):\n    return 1\n",
}


async def measure(client: Client, folder: Path) -> dict[str, float]:
    """The figures of an installation of `logic` and `code` in a folder.

    Returns:
        By language: `script_<language>_seconds` of a program from its start until it has taken all its steps, and
        `script_<language>_after_<service>_ms` from the signal that it then waits for until it has ended, where the
        service was killed before and is there again.
    """
    found: dict[str, float] = {}
    for language, source in _SOURCES.items():
        # Interpreters start with the first program.
        await _run_nothing(client, language)
        begun = time.perf_counter()
        runs = [await _waiting(client, source, language)]
        found[f"script_{language}_seconds"] = round(time.perf_counter() - begun, 2)
        runs.append(await _waiting(client, source, language))
        for run, service in zip(runs, ("executor-code", "scheduler"), strict=True):
            os.kill(int((folder / "run" / f"{service}.pid").read_text()), signal.SIGKILL)
            await _run_nothing(client, language)
            begun = time.perf_counter()
            await run.signal("go")
            await run.result(60)
            found[f"script_{language}_after_{service}_ms"] = round((time.perf_counter() - begun) * 1000, 1)
    return found


async def _run_nothing(client: Client, language: Language) -> None:
    await (await client.execute(_NOTHING[language], language=language)).result(60)


async def _waiting(client: Client, source: str, language: Language) -> RunHandle:
    """A run of a program that has taken its steps."""
    run = await client.execute(source, args=STEPS, language=language)
    while (await run.get()).status != RunStatus.WAITING:  # noqa: ASYNC110 - no event tells of it
        await asyncio.sleep(0.02)
    return run
