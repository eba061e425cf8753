"""The blocks of Slack, against answers as its documentation shows them."""

import os
from typing import Any

import pytest
from support.services import answer, body_of, form_of, query_of
from support.site import Reply, Request, Site

from gnatwork_blocks.sdk import Block, BlockContext, BlockError
from gnatwork_blocks.testing import run_block
from gnatwork_slack.blocks.slack_list_channels import SlackListChannels
from gnatwork_slack.blocks.slack_lookup_user import SlackLookupUser
from gnatwork_slack.blocks.slack_post_message import SlackPostMessage
from gnatwork_slack.blocks.slack_update_message import SlackUpdateMessage
from gnatwork_slack.blocks.slack_upload_file import SlackUploadFile

# https://docs.slack.dev/reference/methods/chat.postMessage
POSTED = {
    "ok": True,
    "channel": "C123ABC456",
    "ts": "1503435956.000247",
    "message": {
        "text": "Here's a message for you",
        "username": "ecto1",
        "bot_id": "B123ABC456",
        "attachments": [{"text": "This is an attachment", "id": 1, "fallback": "This is an attachment's fallback"}],
        "type": "message",
        "subtype": "bot_message",
        "ts": "1503435956.000247",
    },
}
TOKEN = "xoxb-not-a-real-token"


async def run(block: type[Block], site: Site, ctx: BlockContext, **config: Any) -> Any:
    connection = {"token": f"{TOKEN}\n", "signing_secret": "unused", "base_url": f"{site.url}/api/"}
    return await run_block(block, {"connection": connection, **config}, ctx)


async def refusal(site: Site, ctx: BlockContext, reply: Reply) -> BlockError:
    site.on("/api/chat.postMessage", reply)
    with pytest.raises(BlockError) as error:
        await run(SlackPostMessage, site, ctx, channel="C1", text="hello")
    return error.value


async def test_a_message_is_posted(site: Site, ctx: BlockContext) -> None:
    site.on("/api/chat.postMessage", answer(POSTED))
    blocks = [{"type": "divider"}]
    config = {"channel": "C1", "text": "Grüße", "blocks": blocks, "thread_ts": "1503435956.000247"}
    output = await run(SlackPostMessage, site, ctx, **config, reply_broadcast=False)
    assert output == {name: POSTED[name] for name in ("channel", "ts", "message")}
    (request,) = site.requests
    assert request.headers["authorization"] == f"Bearer {TOKEN}"
    assert request.headers["content-type"] == "application/json; charset=utf-8"
    assert body_of(request) == {**config, "reply_broadcast": False}


async def test_a_message_is_something(site: Site, ctx: BlockContext) -> None:
    for block, more in ((SlackPostMessage, {}), (SlackUpdateMessage, {"ts": "1.2"})):
        with pytest.raises(BlockError, match="give `text` or `blocks`"):
            await run(block, site, ctx, channel="C1", text="", **more)
    assert site.requests == []


async def test_a_message_is_replaced(site: Site, ctx: BlockContext) -> None:
    updated = {"ok": True, "channel": "C123ABC456", "ts": "1401383885.000061", "text": "Updated text", "message": {}}
    site.on("/api/chat.update", answer(updated))
    output = await run(SlackUpdateMessage, site, ctx, channel="C1", ts="1401383885.000061", text="Updated text")
    assert output == {"channel": "C123ABC456", "ts": "1401383885.000061", "message": {}}
    assert body_of(site.requests[0]) == {"channel": "C1", "ts": "1401383885.000061", "text": "Updated text"}


@pytest.mark.parametrize(
    ("json", "message", "retryable"),
    [
        ({"ok": False, "error": "channel_not_found"}, "Slack refuses: channel_not_found", False),
        ({"ok": False, "error": "internal_error"}, "Slack refuses: internal_error", True),
        (
            {"ok": False, "error": "missing_scope", "needed": "chat:write", "provided": "users:read"},
            "Slack refuses: missing_scope, the app needs the scope chat:write",
            False,
        ),
        (
            {
                "ok": False,
                "error": "invalid_blocks",
                "response_metadata": {"messages": ["[ERROR] unsupported type: sectio [json-pointer:/blocks/0/type]"]},
            },
            "Slack refuses: invalid_blocks: [ERROR] unsupported type: sectio [json-pointer:/blocks/0/type]",
            False,
        ),
    ],
)
async def test_slack_says_no_with_a_status_of_200(
    site: Site, ctx: BlockContext, json: dict[str, Any], message: str, retryable: bool
) -> None:
    error = await refusal(site, ctx, answer(json))
    assert (error.code, error.message, error.retryable) == ("service.refused", message, retryable)
    assert error.details is not None
    assert error.details["error"] == json["error"]


@pytest.mark.parametrize(
    ("reply", "seconds"),
    [
        (answer({"ok": False, "error": "ratelimited"}, 429, retry_after="30"), 30),
        (answer({"ok": False, "error": "ratelimited"}), None),
    ],
)
async def test_too_many_requests_can_be_tried_again(
    site: Site, ctx: BlockContext, reply: Reply, seconds: float | None
) -> None:
    error = await refusal(site, ctx, reply)
    assert (error.code, error.retryable, error.retry_after) == ("http.rate_limited", True, seconds)


@pytest.mark.parametrize("reply", [answer([]), answer({"hello": "world"}), Reply(body=b"<html>")])
async def test_what_is_not_slack_is_unexpected(site: Site, ctx: BlockContext, reply: Reply) -> None:
    assert (await refusal(site, ctx, reply)).code == "service.unexpected"


async def test_all_pages_of_channels_are_read(site: Site, ctx: BlockContext) -> None:
    def reply(request: Request) -> Reply:
        # https://docs.slack.dev/reference/methods/conversations.list
        first = "cursor" not in query_of(request)
        channel = {"id": "C012AB3CD" if first else "C061EG9T2", "name": "general" if first else "random"}
        metadata = {"next_cursor": "dGVhbTpDMDYxRkE1UEI=" if first else ""}
        return answer({"ok": True, "channels": [channel], "response_metadata": metadata})

    site.on("/api/conversations.list", reply)
    output = await run(SlackListChannels, site, ctx, types=["public_channel", "private_channel"])
    assert [channel["name"] for channel in output["channels"]] == ["general", "random"]
    assert output["more"] is False
    first = {"types": "public_channel,private_channel", "exclude_archived": "true", "limit": "200"}
    assert [query_of(request) for request in site.requests] == [first, {**first, "cursor": "dGVhbTpDMDYxRkE1UEI="}]
    assert (await run(SlackListChannels, site, ctx, max_items=1))["more"] is True


async def test_a_list_that_slack_refuses_is_an_error(site: Site, ctx: BlockContext) -> None:
    site.on("/api/conversations.list", answer({"ok": False, "error": "invalid_auth"}))
    with pytest.raises(BlockError, match="invalid_auth"):
        await run(SlackListChannels, site, ctx)


async def test_a_person_is_found_by_their_address(site: Site, ctx: BlockContext) -> None:
    user = {
        "id": "W012A3CDE",
        "team_id": "T012AB3C4",
        "name": "spengler",
        "profile": {"email": "spengler@ghost.example"},
    }
    site.on("/api/users.lookupByEmail", answer({"ok": True, "user": user}))
    assert await run(SlackLookupUser, site, ctx, email="spengler@ghost.example") == {"found": True, "user": user}
    assert form_of(site.requests[0]) == {"email": "spengler@ghost.example"}
    site.on("/api/users.lookupByEmail", answer({"ok": False, "error": "users_not_found"}))
    assert await run(SlackLookupUser, site, ctx, email="nobody@ghost.example") == {"found": False, "user": None}
    site.on("/api/users.lookupByEmail", answer({"ok": False, "error": "invalid_auth"}))
    with pytest.raises(BlockError, match="invalid_auth"):
        await run(SlackLookupUser, site, ctx, email="nobody@ghost.example")


async def test_a_file_is_uploaded_without_the_token_and_then_shared(site: Site, ctx: BlockContext) -> None:
    # https://docs.slack.dev/messaging/working-with-files#uploading_files
    place = {"ok": True, "upload_url": f"{site.url}/upload/v1/ABC", "file_id": "F123ABC456"}
    site.on("/api/files.getUploadURLExternal", answer(place))
    site.on("/upload/v1/ABC", Reply(body=b"OK - 3"))
    done = {"ok": True, "files": [{"id": "F123ABC456", "title": "slack-test"}]}
    site.on("/api/files.completeUploadExternal", answer(done))
    config = {"filename": "t.bin", "content": "AAEC", "encoding": "base64", "channel": "C1", "comment": "Here"}
    output = await run(SlackUploadFile, site, ctx, **config)
    assert output == {"id": "F123ABC456", "file": {"id": "F123ABC456", "title": "slack-test"}}
    asked, uploaded, shared = site.requests
    assert form_of(asked) == {"filename": "t.bin", "length": "3"}
    assert (uploaded.method, uploaded.body, "authorization" in uploaded.headers) == ("POST", b"\x00\x01\x02", False)
    assert body_of(shared) == {
        "files": [{"id": "F123ABC456", "title": "t.bin"}],
        "channel_id": "C1",
        "initial_comment": "Here",
    }


async def test_a_file_that_is_none_is_not_uploaded(site: Site, ctx: BlockContext) -> None:
    with pytest.raises(BlockError, match="not base64"):
        await run(SlackUploadFile, site, ctx, filename="t.bin", content="?", encoding="base64")
    assert site.requests == []


@pytest.mark.skipif("SLACK_TEST_TOKEN" not in os.environ, reason="needs SLACK_TEST_TOKEN and SLACK_TEST_CHANNEL")
async def test_slack_itself(ctx: BlockContext) -> None:
    connection = {"token": os.environ["SLACK_TEST_TOKEN"]}
    channel = os.environ["SLACK_TEST_CHANNEL"]
    posted = await run_block(SlackPostMessage, {"connection": connection, "channel": channel, "text": "A test."}, ctx)
    config = {"connection": connection, "channel": posted["channel"], "ts": posted["ts"], "text": "A test, changed."}
    assert (await run_block(SlackUpdateMessage, config, ctx))["ts"] == posted["ts"]
    listed = await run_block(SlackListChannels, {"connection": connection, "max_items": 1}, ctx)
    assert len(listed["channels"]) == 1
