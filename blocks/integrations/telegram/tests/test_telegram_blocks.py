"""The blocks of Telegram, against answers as its documentation shows them."""

import os
from typing import Any

import pytest
from support.resources import resources
from support.services import answer, body_of
from support.site import Reply, Site

from gnatwork_blocks.sdk import Block, BlockContext, BlockError
from gnatwork_blocks.testing import Recorder, run_block
from gnatwork_telegram.blocks.telegram_answer_callback import TelegramAnswerCallback
from gnatwork_telegram.blocks.telegram_get_updates import TelegramGetUpdates
from gnatwork_telegram.blocks.telegram_send_message import TelegramSendMessage
from gnatwork_telegram.blocks.telegram_send_photo import TelegramSendPhoto

TOKEN = "123456:ABC-DEF1234ghIkl-zyx57W2v1u123ew11"
# https://core.telegram.org/bots/api#message
MESSAGE = {
    "message_id": 1365,
    "from": {"id": 123456, "is_bot": True, "first_name": "Gnat", "username": "gnat_bot"},
    "chat": {"id": -1001234567890, "title": "Swamp", "type": "supergroup"},
    "date": 1763625600,
    "text": "Grüße",
}


def path(method: str) -> str:
    return f"/bot{TOKEN}/{method}"


async def run(block: type[Block], site: Site, ctx: BlockContext, **config: Any) -> Any:
    connection = {"token": f"{TOKEN}\n", "webhook_secret": "unused", "base_url": f"{site.url}/"}
    return await run_block(block, {"connection": connection, **config}, ctx)


async def refusal(site: Site, ctx: BlockContext, reply: Reply) -> BlockError:
    site.on(path("sendMessage"), reply)
    with pytest.raises(BlockError) as error:
        await run(TelegramSendMessage, site, ctx, chat_id=1, text="hello")
    return error.value


async def test_a_message_is_sent(site: Site, ctx: BlockContext) -> None:
    site.on(path("sendMessage"), answer({"ok": True, "result": MESSAGE}))
    keyboard = {"inline_keyboard": [[{"text": "Yes", "callback_data": "y"}]]}
    output = await run(
        *(TelegramSendMessage, site, ctx),
        chat_id="-1001234567890",
        text="Grüße",
        parse_mode="HTML",
        reply_to=7,
        link_preview=False,
        reply_markup=keyboard,
    )
    assert output == {
        "message_id": 1365,
        "chat_id": -1001234567890,
        "date": "2025-11-20T08:00:00+00:00",
        "message": MESSAGE,
    }
    assert body_of(site.requests[0]) == {
        "chat_id": "-1001234567890",
        "text": "Grüße",
        "parse_mode": "HTML",
        "reply_parameters": {"message_id": 7},
        "link_preview_options": {"is_disabled": True},
        "reply_markup": keyboard,
    }


async def test_a_photo_is_sent(site: Site, ctx: BlockContext) -> None:
    site.on(path("sendPhoto"), answer({"ok": True, "result": MESSAGE}))
    output = await run(TelegramSendPhoto, site, ctx, chat_id="@swamp", photo="https://a.example/b.png", caption="B")
    assert output["message_id"] == 1365
    assert body_of(site.requests[0]) == {"chat_id": "@swamp", "photo": "https://a.example/b.png", "caption": "B"}


async def test_a_button_is_answered(site: Site, ctx: BlockContext) -> None:
    site.on(path("answerCallbackQuery"), answer({"ok": True, "result": True}))
    assert await run(TelegramAnswerCallback, site, ctx, callback_query_id="42", text="Done") == {"answered": True}
    assert body_of(site.requests[0]) == {"callback_query_id": "42", "text": "Done"}


async def test_updates_are_read_page_by_page_and_confirmed_with_the_next_one(site: Site, ctx: BlockContext) -> None:
    updates = [{"update_id": number, "message": MESSAGE} for number in (70, 71)]
    site.on(path("getUpdates"), answer({"ok": True, "result": updates}))
    page = await run(TelegramGetUpdates, site, ctx, limit=2, allowed_updates=["message"])
    assert page == {"updates": updates, "next_offset": 72, "more": True}
    assert body_of(site.requests[0]) == {"limit": 2, "timeout": 0, "allowed_updates": ["message"]}
    site.on(path("getUpdates"), answer({"ok": True, "result": []}))
    page = await run(TelegramGetUpdates, site, ctx, offset=page["next_offset"])
    assert page == {"updates": [], "next_offset": 72, "more": False}
    assert body_of(site.requests[1])["offset"] == 72


async def test_telegram_says_for_how_long_to_wait(site: Site, ctx: BlockContext) -> None:
    limited = {
        "ok": False,
        "error_code": 429,
        "description": "Too Many Requests: retry after 35",
        "parameters": {"retry_after": 35},
    }
    error = await refusal(site, ctx, answer(limited, 429))
    assert (error.code, error.retryable, error.retry_after) == ("http.rate_limited", True, 35.0)


@pytest.mark.parametrize(
    ("reply", "code", "retryable", "words"),
    [
        (
            answer({"ok": False, "error_code": 400, "description": "Bad Request: chat not found"}, 400),
            *("http.status", False, "Bad Request: chat not found"),
        ),
        (
            answer(
                {
                    "ok": False,
                    "error_code": 400,
                    "description": "Bad Request: group chat was upgraded to a supergroup chat",
                    "parameters": {"migrate_to_chat_id": -1009},
                },
                400,
            ),
            *("http.status", False, "the chat is now -1009"),
        ),
        (answer({"ok": False, "error_code": 401, "description": "Unauthorized"}, 401), "http.status", False, "401"),
        (answer({"ok": False, "error_code": 502, "description": "Bad Gateway"}, 502), "http.status", True, "502"),
        (answer({"ok": False, "description": "No."}), "service.refused", False, "No."),
        (answer({"ok": True, "result": True}), "service.unexpected", False, "without the message"),
        (answer([]), "service.unexpected", False, "`ok`"),
        (Reply(body=b"<html>"), "service.unexpected", False, "not JSON"),
        (Reply(raw=b"nonsense\r\n\r\n", close=True), "http.protocol", False, "HTTP"),
        (Reply(raw=b"", close=True), "http.connection", True, "reached"),
        (Reply(status=302, headers=(("location", "/elsewhere"),)), "http.status", False, "302"),
    ],
)
async def test_what_goes_wrong_is_told_without_the_address(  # noqa: PLR0917 - a row of the table
    site: Site, ctx: BlockContext, reply: Reply, code: str, retryable: bool, words: str
) -> None:
    error = await refusal(site, ctx, reply)
    assert (error.code, error.retryable) == (code, retryable)
    assert words in error.message
    assert "ABC-DEF" not in repr((error.message, error.details))


async def test_an_address_that_may_not_be_reached_is_not_told_either(site: Site) -> None:
    async with resources().http as guarded:
        recorder = Recorder(resources=resources(http=guarded))
        with pytest.raises(BlockError, match="not public") as error:
            await run(TelegramSendMessage, site, recorder.context(), chat_id=1, text="hello")
    assert error.value.code == "http.blocked_address"
    assert "ABC-DEF" not in repr((error.value.message, error.value.details, recorder.logs))


@pytest.mark.parametrize(
    "config",
    [
        {"text": ""},
        {"text": "x" * 4097},
        {"chat_id": "not a chat"},
        {"connection": {"token": "123/../secret"}},
        {"connection": {"token": "123:ABC/x"}},
    ],
)
async def test_what_can_not_be_sent(site: Site, ctx: BlockContext, config: dict[str, Any]) -> None:
    with pytest.raises(BlockError, match="config_invalid"):
        await run(TelegramSendMessage, site, ctx, **({"chat_id": 1, "text": "hello"} | config))
    assert site.requests == []


@pytest.mark.skipif("TELEGRAM_TEST_TOKEN" not in os.environ, reason="needs TELEGRAM_TEST_TOKEN and TELEGRAM_TEST_CHAT")
async def test_telegram_itself(ctx: BlockContext) -> None:
    config = {
        "connection": {"token": os.environ["TELEGRAM_TEST_TOKEN"]},
        "chat_id": os.environ["TELEGRAM_TEST_CHAT"],
        "text": "A test.",
    }
    assert (await run_block(TelegramSendMessage, config, ctx))["message_id"] > 0
