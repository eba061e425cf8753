"""What is done to a run from outside while it is recorded; each play yields the run that is to be kept."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from support.running import ended, event, until_status

from gnatwork import Client
from gnatwork.runs import RunHandle

#: Of a client, a definition and its input.
Play = Callable[[Client, Mapping[str, Any], Any], Awaitable[RunHandle]]


async def start(client: Client, definition: Mapping[str, Any], value: Any) -> RunHandle:
    """Nothing but that it begins."""
    return await client.start(definition, input=value)


async def cancel(client: Client, definition: Mapping[str, Any], value: Any) -> RunHandle:
    """It is cancelled."""
    run = await start(client, definition, value)
    await run.cancel("enough")
    return run


async def cancel_waiting(client: Client, definition: Mapping[str, Any], value: Any) -> RunHandle:
    """It is cancelled while it waits."""
    run = await start(client, definition, value)
    await until_status(run, "waiting")
    await run.cancel("enough")
    return run


async def signal(client: Client, definition: Mapping[str, Any], value: Any) -> RunHandle:
    """The signal comes while it waits."""
    run = await start(client, definition, value)
    await until_status(run, "waiting")
    await run.signal("go", {"by": "Ada"})
    return run


async def signal_at_once(client: Client, definition: Mapping[str, Any], value: Any) -> RunHandle:
    """The signal comes before it waits."""
    run = await start(client, definition, value)
    await run.signal("go", 1)
    return run


async def pause_and_resume(client: Client, definition: Mapping[str, Any], value: Any) -> RunHandle:
    """A timer fires while it is paused."""
    run = await start(client, definition, value)
    await run.pause("lunch")
    await until_status(run, "paused")
    await event(run, "timer.delay-d.fired")
    await run.resume()
    return run


async def second_in_the_queue(client: Client, definition: Mapping[str, Any], value: Any) -> RunHandle:
    """Another run holds the slot that it asks for, and gives it back."""
    first = await start(client, definition, value)
    await until_status(first, "waiting")
    run = await start(client, definition, value)
    await first.signal("go")
    await ended(first)
    if definition["concurrency"].get("on_limit") != "reject":
        await run.signal("go")
    return run


async def second_at_once(client: Client, definition: Mapping[str, Any], value: Any) -> RunHandle:
    """Another run has begun just before."""
    await start(client, definition, value)
    return await start(client, definition, value)


async def second_of_a_schedule(client: Client, definition: Mapping[str, Any], _: Any) -> RunHandle:
    """The run of the same schedule before it is still under way, and ends, or makes room."""
    (trigger,) = definition["triggers"]
    name = f"recorded-{trigger['overlap']}"
    await client.put_workflow(name, {**definition, "name": name})
    handles: list[RunHandle] = []
    while len(handles) < 2:
        handles = [client.run(run.run_id) for run in reversed((await client.runs(workflow=name)).items)]
    await client.triggers.disable(name, trigger["id"])
    first, second = handles[:2]
    if trigger["overlap"] == "replace":
        return first
    await first.signal("go")
    await ended(first)
    await second.signal("go")
    return second


async def retry(client: Client, definition: Mapping[str, Any], value: Any) -> RunHandle:
    """It goes on where another was cancelled."""
    run = await cancel_waiting(client, definition, value)
    await ended(run)
    again = await run.retry()
    await again.signal("go")
    return again


async def start_later(client: Client, definition: Mapping[str, Any], value: Any) -> RunHandle:
    """It begins a little later than it is submitted."""
    return await client.start(definition, input=value, at=datetime.now(UTC) + timedelta(milliseconds=500))
