"""Blocks get what they mention of connections, and nothing of it gets out again."""

import asyncio
import base64
import logging
import urllib.parse
from pathlib import Path
from typing import Any

import orjson
import pytest
from support.credentials import mentioning, vault
from support.executing import Scheduler, hosting
from support.odd_blocks import Burn, block_of

from gnatwork_blocks.sdk import Block, BlockContext, BlockError
from gnatwork_bus.payloads import Payloads
from gnatwork_engine.redaction import REDACTED
from gnatwork_schemas.payload import as_reference

SECRET = "s3cr3t-of-great-length"
FORMS = (
    SECRET,
    base64.b64encode(SECRET.encode()).decode(),
    base64.b64encode(f"ada:{SECRET}".encode()).decode()[8:-4],
    urllib.parse.quote(SECRET),
)


def clean(text: str) -> bool:
    return not any(form in text for form in FORMS)


async def echo(_ctx: BlockContext, config: Any) -> Any:
    assert config["token"] == f"Bearer {SECRET}"
    return config


@pytest.fixture
def work() -> Any:
    return mentioning({"token": "Bearer {{ connections.gh.token }}", "open": "plain"})


async def test_a_block_sees_the_value_and_its_output_does_not(nats_url: str, scheduler: Scheduler, work: Any) -> None:
    async with vault(scheduler.connection, gh={"token": SECRET}) as manager, hosting(nats_url, block_of(echo)):
        output = await scheduler.output(await scheduler.send_work(work))
    assert output == {"token": f"Bearer {REDACTED}", "open": "plain"}
    assert manager.asked == [{"v": 1, "names": ["gh"], "type": "odd", "run_id": work.run_id}]


async def test_a_block_may_be_given_a_whole_connection(nats_url: str, scheduler: Scheduler) -> None:
    async def used(_ctx: BlockContext, config: Any) -> Any:
        return {"given": sorted(config["connection"]), "said": config["connection"]["token"]}

    values = {"token": SECRET, "signing": "another-one"}
    async with vault(scheduler.connection, gh=values), hosting(nats_url, block_of(used)):
        output = await scheduler.output(await scheduler.send_work(mentioning({"connection": "{{ connections.gh }}"})))
    assert output == {"given": ["signing", "token"], "said": REDACTED}


async def test_words_that_stand_before_a_secret_are_none(nats_url: str, scheduler: Scheduler) -> None:
    async def grant(_ctx: BlockContext, config: Any) -> Any:
        return {"token_type": "Bearer", "sent": config["header"]}

    header = {"authorization": f"Bearer {SECRET}"}
    async with vault(scheduler.connection, gh=header), hosting(nats_url, block_of(grant)):
        sent = await scheduler.send_work(mentioning({"header": "{{ connections.gh.authorization }}"}))
        assert await scheduler.output(sent) == {"token_type": "Bearer", "sent": f"Bearer {REDACTED}"}


async def test_a_large_output_is_redacted_before_it_is_stored(nats_url: str, scheduler: Scheduler, work: Any) -> None:
    async def large(_ctx: BlockContext, config: Any) -> Any:
        return [config["token"], "x" * 100_000, {config["token"]: base64.b64encode(config["token"].encode()).decode()}]

    async with vault(scheduler.connection, gh={"token": SECRET}), hosting(nats_url, block_of(large)):
        sent = await scheduler.send_work(work)
        reference = as_reference(await scheduler.output(sent))
        assert reference
        data = await Payloads(scheduler.connection).get("default", work.run_id, reference)
    assert clean(data.decode())
    assert orjson.loads(data)[0] == f"Bearer {REDACTED}"


async def test_nor_do_errors_tell_it(nats_url: str, scheduler: Scheduler, work: Any) -> None:
    async def refused(_ctx: BlockContext, config: Any) -> Any:
        long = "x" * 8185
        raise BlockError("odd.refused", f"{config['token']} {long}{SECRET}", details={SECRET: [{"deep": SECRET}]})

    async with vault(scheduler.connection, gh={"token": SECRET}), hosting(nats_url, block_of(refused)):
        error = await scheduler.error(await scheduler.send_work(work))
    # Nor a part of it, where a message is cut.
    assert SECRET[:6] not in str(error)
    assert error["details"] == {REDACTED: [{"deep": REDACTED}]}


async def test_nor_the_errors_of_configs_that_are_wrong(nats_url: str, scheduler: Scheduler) -> None:
    def parse(_block: type[Block], config: Any) -> Any:
        raise BlockError("odd.config", f"what is {config['token']}?")

    strict = block_of(echo, parse_config=classmethod(parse))
    async with vault(scheduler.connection, gh={"token": SECRET}), hosting(nats_url, strict):
        sent = await scheduler.send_work(mentioning({"token": "{{ connections.gh.token }}"}))
        assert (await scheduler.error(sent))["message"] == f"what is {REDACTED}?"


async def test_nor_do_lines_of_logs_and_progress(
    nats_url: str, scheduler: Scheduler, work: Any, caplog: pytest.LogCaptureFixture
) -> None:
    async def talk(ctx: BlockContext, config: Any) -> Any:
        ctx.log("info", f"with {config['token']}", header=config["token"], odd=Exception(SECRET))
        ctx.progress(0.5, SECRET)
        logging.getLogger("some.library").warning("sent %s to %s", config["token"], "there")
        raise ValueError(base64.b64encode(SECRET.encode()).decode())

    caplog.set_level(logging.INFO)
    async with vault(scheduler.connection, gh={"token": SECRET}), hosting(nats_url, block_of(talk)):
        sent = await scheduler.send_work(work)
        assert (await scheduler.error(sent))["code"] == "block.failed"
        line = await scheduler.event(sent, "block.step.log")
        progress = await scheduler.event(sent, "block.step.progress")
    assert (line["message"], line["fields"]) == (
        f"with Bearer {REDACTED}",
        {"header": f"Bearer {REDACTED}", "odd": REDACTED},
    )
    assert progress["message"] == REDACTED
    assert f"sent Bearer {REDACTED} to there" in caplog.text
    assert f"ValueError: {REDACTED}" in caplog.text
    assert clean(caplog.text)


async def test_what_others_log_meanwhile_stays_as_it_is(
    nats_url: str, scheduler: Scheduler, work: Any, caplog: pytest.LogCaptureFixture
) -> None:
    go_on = asyncio.Event()

    async def wait(_ctx: BlockContext, config: Any) -> Any:
        await go_on.wait()

    caplog.set_level(logging.INFO)
    async with vault(scheduler.connection, gh={"token": "word"}) as manager, hosting(nats_url, block_of(wait)):
        sent = await scheduler.send_work(work)
        await scheduler.event(sent, "block.step.started")
        logging.getLogger("another").info("a word of another")
        go_on.set()
        await scheduler.output(sent)
    assert manager.asked
    assert "a word of another" in caplog.text


async def test_worker_processes_keep_it_too(nats_url: str, scheduler: Scheduler, tmp_path: Path) -> None:
    file = tmp_path / "burn.log"
    async with vault(scheduler.connection, gh={"token": SECRET}), hosting(nats_url, Burn):
        told = mentioning({"log": "{{ connections.gh.token }}", "file": str(file)}, "burn")
        assert await scheduler.output(await scheduler.send_work(told)) == REDACTED
        failed = mentioning({"quote": "{{ connections.gh.token }}"}, "burn")
        assert clean(str(await scheduler.error(await scheduler.send_work(failed))))
    assert file.read_text() == f"burning {REDACTED}\n"


async def test_several_attempts_ask_once(nats_url: str, scheduler: Scheduler) -> None:
    async with vault(scheduler.connection, gh={"token": SECRET}) as manager, hosting(nats_url, block_of(echo)):
        manager.open.clear()
        sent = [await scheduler.send_work(mentioning({"token": "Bearer {{ connections.gh.token }}"})) for _ in range(5)]
        manager.open.set()
        for one in sent:
            await scheduler.output(one)
        assert len(manager.asked) == 1


async def test_what_may_not_be_kept_is_asked_for_each_time(nats_url: str, scheduler: Scheduler) -> None:
    async with vault(scheduler.connection, gh={"token": SECRET}) as manager, hosting(nats_url, block_of(echo)):
        manager.keep = 0
        for _ in range(2):
            work = mentioning({"token": "Bearer {{ connections.gh.token }}"})
            await scheduler.output(await scheduler.send_work(work))
        assert len(manager.asked) == 2


async def test_while_no_manager_answers_the_attempt_waits(nats_url: str, scheduler: Scheduler, work: Any) -> None:
    async with hosting(nats_url, block_of(echo)):
        sent = await scheduler.send_work(work)
        # It asks in vain: the server says that nobody listens.
        await scheduler.settled(sent, b"+WPI")
        async with vault(scheduler.connection, gh={"token": SECRET}):
            assert (await scheduler.output(sent))["open"] == "plain"
    assert len(scheduler.outcomes(sent)) == 1


@pytest.mark.parametrize(
    ("code", "retryable"),
    [
        ("connection.not_found", False),
        ("connection.not_permitted", False),
        ("connection.unauthorized", False),
        ("connection.token_unavailable", True),
        ("connection.no_keys", True),
    ],
)
async def test_what_a_manager_refuses_is_the_error_of_the_attempt(
    nats_url: str, scheduler: Scheduler, work: Any, code: str, retryable: bool
) -> None:
    async with vault(scheduler.connection) as manager, hosting(nats_url, block_of(echo)):
        manager.problem = code
        error = await scheduler.error(await scheduler.send_work(work))
    assert (error["code"], error["retryable"]) == (code, retryable)
    assert "told in detail" in error["message"]


async def test_a_manager_that_has_lost_nats_is_asked_again(nats_url: str, scheduler: Scheduler, work: Any) -> None:
    async with vault(scheduler.connection, gh={"token": SECRET}) as manager, hosting(nats_url, block_of(echo)):
        manager.problem = "engine.unavailable"
        sent = await scheduler.send_work(work)
        await manager.heard.wait()
        manager.problem = None
        assert (await scheduler.output(sent))["open"] == "plain"
