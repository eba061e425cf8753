"""What integrations bring beside blocks, as executors tell managers."""

import asyncio
from typing import Any

import pytest
from support.executing import Scheduler, hosting

from gnatwork_blocks.integration import Integration
from gnatwork_blocks.integrations import integrations_of
from gnatwork_blocks.registry import groups, load
from gnatwork_bus.connection import Connection
from gnatwork_bus.kv import Bucket
from gnatwork_executor.announcing import announce
from gnatwork_schemas.integration import ConnectionKind, TriggerType
from gnatwork_schemas.subjects import STATE_BUCKET, integration_key


def bringing(name: str, type_: str = "shop", title: str = "Shop") -> Integration:
    trigger = TriggerType(type=type_, title=title, summary="A.", config_schema={}, trigger={"type": "webhook"})
    kind = ConnectionKind(type=type_, title=title, summary="A.", values_schema={}, secret=())
    return Integration(name=name, title=title, summary="A.", triggers=(trigger,), connections=(kind,))


async def owner_of(bucket: Bucket, what: str, type_: str = "shop") -> tuple[str, str] | None:
    entry = await bucket.get(integration_key(what, type_))
    if entry is None:
        return None
    model: Any = TriggerType if what == "trigger" else ConnectionKind
    found = model.model_validate_json(entry.value)
    return found.integration, found.title


@pytest.fixture
def bucket(scheduler: Scheduler) -> Bucket:
    return Bucket(scheduler.connection, STATE_BUCKET)


async def test_an_executor_announces_what_belongs_to_its_blocks(
    nats_url: str, scheduler: Scheduler, bucket: Bucket
) -> None:
    (type_, *_) = groups()["slack"]
    async with hosting(nats_url, load(type_)):
        assert await owner_of(bucket, "trigger", "slack") == ("slack", "Slack event")
        assert await owner_of(bucket, "connection", "slack") == ("slack", "Slack")
        assert await owner_of(bucket, "connection", "github") is None


async def test_who_is_first_has_the_type(bucket: Bucket, caplog: pytest.LogCaptureFixture) -> None:
    await announce(bucket, [bringing("one")])
    await announce(bucket, [bringing("two"), bringing("two", "market")])
    assert await owner_of(bucket, "trigger") == ("one", "Shop")
    assert await owner_of(bucket, "connection") == ("one", "Shop")
    assert await owner_of(bucket, "connection", "market") == ("two", "Shop")
    told = [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]
    assert told == [f"the {what} type shop of two is left out: one has one" for what in ("trigger", "connection")]


async def test_one_of_two_at_once_is_first(bucket: Bucket, connection: Connection) -> None:
    await asyncio.gather(*(announce(bucket, [bringing(name)]) for name in ("one", "two", "three")))
    first, second = await owner_of(bucket, "trigger"), await owner_of(bucket, "connection")
    assert first is not None
    assert second is not None
    await announce(bucket, [bringing(first[0], title="Newer")])
    assert await owner_of(bucket, "trigger") == (first[0], "Newer")


async def test_nothing_is_written_that_is_there_already(bucket: Bucket) -> None:
    await announce(bucket, [bringing("one")])
    before = await bucket.last_revision(integration_key("*", "*"))
    await announce(bucket, [bringing("one")])
    assert await bucket.last_revision(integration_key("*", "*")) == before


async def test_the_types_of_the_engine_are_nobodys(bucket: Bucket, caplog: pytest.LogCaptureFixture) -> None:
    await announce(bucket, [bringing("one", "webhook"), bringing("one", "oauth2")])
    assert await owner_of(bucket, "trigger", "webhook") is None
    assert await owner_of(bucket, "connection", "oauth2") is None
    assert "the trigger type webhook of one is left out: the engine itself has one" in caplog.text


def test_only_integrations_of_these_blocks_are_meant() -> None:
    assert integrations_of(["noop", "fetch"]) == ()


async def test_what_no_message_holds_is_left_out_and_the_rest_goes_on(
    bucket: Bucket, caplog: pytest.LogCaptureFixture
) -> None:
    surrogate = bringing("one", "broken", title="\ud800")
    await announce(bucket, [bringing("one", "large", title="x" * 2_000_000), surrogate, bringing("one")])
    assert await owner_of(bucket, "trigger", "large") is None
    assert await owner_of(bucket, "trigger", "broken") is None
    assert await owner_of(bucket, "trigger") == ("one", "Shop")
    told = [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]
    assert len(told) == 4
    assert "2,000" in told[0]
