"""Runs on a real installation, as tests look at them."""

import asyncio
from collections.abc import Callable
from contextlib import aclosing
from typing import Any, NamedTuple

from gnatwork import Client, RunError
from gnatwork.runs import RunHandle
from gnatwork_schemas.status import Task

#: Seconds that a run may take on a busy machine.
PATIENCE = 60.0


class Ended(NamedTuple):
    """How a run ended."""

    run: RunHandle
    status: str
    output: Any = None
    #: Code of its error.
    code: str = ""
    message: str = ""


def noop(id_: str, *needs: str, **fields: Any) -> dict[str, Any]:
    """A block that yields its config."""
    return {"id": id_, "type": "noop", **({"needs": list(needs)} if needs else {}), **fields}


def block(id_: str, type_: str, config: Any = None, **fields: Any) -> dict[str, Any]:
    """A block."""
    return {"id": id_, "type": type_, **({} if config is None else {"config": config}), **fields}


async def ended(run: RunHandle) -> Ended:
    """Wait for the end of a run, whichever that is."""
    try:
        return Ended(run, "completed", await run.result(PATIENCE))
    except RunError as failure:
        code, message = (failure.error.code, failure.error.message) if failure.error else ("", "")
        return Ended(run, failure.status.value, None, code, message)


async def run_of(client: Client, *blocks: dict[str, Any], value: Any = None, **more: Any) -> Ended:
    """Run blocks to their end; `more` are further fields of the definition."""
    return await ended(await client.start({"blocks": list(blocks), **more}, input=value))


async def tasks_of(run: RunHandle) -> dict[str, Task]:
    """The tasks of a run by path."""
    return {task.task: task for task in await run.tasks()}


async def statuses(run: RunHandle) -> dict[str, str]:
    """How the tasks of a run stand, by path."""
    return {path: task.status.value for path, task in (await tasks_of(run)).items()}


async def event(run: RunHandle, name: str) -> Any:
    """The body of the run's first event of this name, once it is there, live ones included."""
    async with asyncio.timeout(PATIENCE), aclosing(run.events()) as events:
        async for found in events:
            if found.event == name:
                return found.body
    raise AssertionError(f"{run.run_id} ended without {name}")


async def until_status(run: RunHandle, status: str) -> None:
    """Wait until the run is in this status, which no event tells of."""
    await until_tasks(run, lambda _: True, status)


async def until_tasks(run: RunHandle, wanted: Callable[[dict[str, str]], bool], status: str | None = None) -> None:
    """Wait until the tasks of the run stand like that."""
    async with asyncio.timeout(PATIENCE):
        while (status and (await run.get()).status != status) or not wanted(await statuses(run)):
            pass
