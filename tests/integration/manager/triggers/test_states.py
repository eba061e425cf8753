"""The states of triggers: gathered, merged, and kept while the server is away."""

import asyncio

import pytest

from gnatwork_bus.connection import Connection
from gnatwork_bus.kv import Bucket
from gnatwork_manager.triggers.states import TriggerStates
from gnatwork_schemas import subjects
from gnatwork_schemas.triggers import TriggerState, WebhookTrigger

KEY = ("default", "shop", "hook")


@pytest.fixture
def state(bus: Connection) -> Bucket:
    return Bucket(bus, subjects.STATE_BUCKET)


async def test_a_state_is_empty_until_something_happens(state: Bucket) -> None:
    states = TriggerStates(state)
    assert await states.get(*KEY) == TriggerState()
    states.fired(KEY, "run-1", 10.0)
    # Who asks the manager that knows finds it before it is written.
    assert (await states.get(*KEY)).last_run == "run-1"
    assert await state.get(subjects.trigger_state_key(*KEY)) is None
    await states.write()
    assert (await TriggerStates(state).get(*KEY)).fired == 1


async def test_what_several_managers_have_seen_adds_up_and_the_latest_shows(state: Bucket) -> None:
    managers = [TriggerStates(state) for _ in range(4)]
    for number, states in enumerate(managers):
        for n in range(25):
            states.fired(KEY, f"run-{number}-{n}", 100.0 * n + number)
        states.failed(KEY, f"error {number}", 5.0 + number)
    await asyncio.gather(*(states.write() for states in managers))
    found = await managers[0].get(*KEY)
    assert (found.fired, found.last_run, found.last_fired_at) == (100, "run-3-24", 2403.0)
    assert (found.last_error, found.last_error_at) == ("error 3", 8.0)


async def test_what_is_not_written_is_merged_with_what_comes(state: Bucket) -> None:
    states = TriggerStates(state)
    states.failed(KEY, "x" * 5000, 1.0)
    states.fired(KEY, "run-1", 2.0)
    found = await states.get(*KEY)
    assert (found.fired, found.last_run, len(found.last_error or "")) == (1, "run-1", 1000)


async def test_a_change_is_made_anew_when_someone_else_was_faster(state: Bucket) -> None:
    states = TriggerStates(state)

    async def one(number: int) -> None:
        await states.update(*KEY, lambda before: before.model_copy(update={"nominal": (before.nominal or 0) + number}))

    await asyncio.gather(*(one(number) for number in range(1, 11)))
    assert (await states.get(*KEY)).nominal == 55


async def test_a_state_that_can_not_be_read_is_begun_anew(state: Bucket) -> None:
    await state.put(subjects.trigger_state_key(*KEY), b"nonsense")
    states = TriggerStates(state)
    states.fired(KEY, "run-1", 1.0)
    await states.write()
    assert (await states.get(*KEY)).fired == 1


async def test_what_is_gathered_of_a_trigger_that_goes_is_not_written(state: Bucket) -> None:
    states = TriggerStates(state)
    other = ("default", "shop", "other")
    for key in (KEY, other):
        states.fired(key, "run-1", 1.0)
    both = {id_: WebhookTrigger(id=id_, type="webhook") for id_ in ("hook", "other")}
    states.heard("default", "shop", both, {"other": both["other"]}, 7)
    await states.write()
    assert await state.get(subjects.trigger_state_key(*KEY)) is None
    assert (await states.get(*other)).fired == 1


async def test_states_are_written_by_themselves(state: Bucket) -> None:
    states = TriggerStates(state)
    running = asyncio.create_task(states.run())
    states.fired(KEY, "run-1", 1.0)
    async with asyncio.timeout(20):
        while await state.get(subjects.trigger_state_key(*KEY)) is None:
            pass
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
