"""The blocks of the mailer, against answers as Postmark's documentation shows them."""

import base64
import os
from typing import Any

import pytest
from support.services import answer, body_of, query_of
from support.site import Reply, Request, Site

from gnatwork_blocks.sdk import Block, BlockContext, BlockError
from gnatwork_blocks.testing import run_block
from gnatwork_mailer.blocks.mailer_bounces import MailerBounces
from gnatwork_mailer.blocks.mailer_send import MailerSend
from gnatwork_mailer.blocks.mailer_send_template import MailerSendTemplate
from gnatwork_mailer.blocks.send_email import SendEmail

TOKEN = "bd4cc6a1-not-a-real-token"
# https://postmarkapp.com/developer/api/email-api
SENT = {
    "To": "receiver@example.com",
    "SubmittedAt": "2014-02-17T07:25:01.4178645-05:00",
    "MessageID": "0a129aee-e1cd-480d-b08d-4f48548ff48d",
    "ErrorCode": 0,
    "Message": "OK",
}
OUTPUT = {"message_id": SENT["MessageID"], "submitted_at": SENT["SubmittedAt"]}
MESSAGE: dict[str, Any] = {
    "from": "Shop <shop@example.com>",
    "to": "ada@example.com",
    "subject": "Grüße",
    "text": "Hot.",
}


def connection_to(site: Site, **more: str) -> dict[str, str]:
    return {"token": f"{TOKEN}\n", "webhook_authorization": "Basic unused", "base_url": f"{site.url}/", **more}


async def run(block: type[Block], site: Site, ctx: BlockContext, **config: Any) -> Any:
    return await run_block(block, {"connection": connection_to(site), **config}, ctx)


async def refusal(site: Site, ctx: BlockContext, reply: Reply) -> BlockError:
    site.on("/email", reply)
    with pytest.raises(BlockError) as error:
        await run(MailerSend, site, ctx, **MESSAGE)
    assert TOKEN not in repr((error.value.message, error.value.details))
    return error.value


async def test_a_message_is_sent(site: Site, ctx: BlockContext) -> None:
    site.on("/email", answer(SENT))
    output = await run(
        *(MailerSend, site, ctx),
        **{**MESSAGE, "to": ["ada@example.com", "Bob <bob@example.com>"]},
        html="<p>Hot.</p>",
        reply_to="help@example.com",
        tag="order",
        metadata={"run": "42"},
        stream="outbound",
        track_opens=False,
        headers={"X-A": "b"},
        attachments=[{"name": "menu.csv", "text": "soup"}, {"name": "x", "content": "AAE="}],
    )
    assert output == OUTPUT
    (request,) = site.requests
    assert request.headers["x-postmark-server-token"] == TOKEN
    assert body_of(request) == {
        "From": "Shop <shop@example.com>",
        "To": "ada@example.com, Bob <bob@example.com>",
        "ReplyTo": "help@example.com",
        "Subject": "Grüße",
        "TextBody": "Hot.",
        "HtmlBody": "<p>Hot.</p>",
        "Tag": "order",
        "Metadata": {"run": "42"},
        "MessageStream": "outbound",
        "TrackOpens": False,
        "Headers": [{"Name": "X-A", "Value": "b"}],
        "Attachments": [
            {"Name": "menu.csv", "Content": base64.b64encode(b"soup").decode(), "ContentType": "text/csv"},
            {"Name": "x", "Content": "AAE=", "ContentType": "application/octet-stream"},
        ],
    }


@pytest.mark.parametrize("block", [MailerSendTemplate, SendEmail])
@pytest.mark.parametrize(("template", "named"), [("order-sent", "TemplateAlias"), (7, "TemplateId")])
async def test_a_template_is_sent(
    site: Site, ctx: BlockContext, block: type[Block], template: str | int, named: str
) -> None:
    site.on("/email/withTemplate", answer(SENT))
    envelope = {"from": "shop@example.com", "to": "ada@example.com"}
    output = await run(block, site, ctx, **envelope, template=template, model={"order": 7})
    assert output == OUTPUT
    body = body_of(site.requests[0])
    assert body == {"From": "shop@example.com", "To": "ada@example.com", named: template, "TemplateModel": {"order": 7}}


async def test_one_block_sends_what_is_written_out_as_well(site: Site, ctx: BlockContext) -> None:
    site.on("/email", answer(SENT))
    assert await run(SendEmail, site, ctx, **MESSAGE) == await run(MailerSend, site, ctx, **MESSAGE) == OUTPUT
    first, second = site.requests
    assert body_of(first) == body_of(second)


@pytest.mark.parametrize(
    ("given", "writes"), [({}, "desk@example.com"), ({"from": "me@example.com"}, "me@example.com")]
)
async def test_the_sender_of_the_connection_writes_where_a_message_names_none(
    site: Site, ctx: BlockContext, given: dict[str, str], writes: str
) -> None:
    site.on("/email", answer(SENT))
    connection = connection_to(site, **{"from": "desk@example.com"})
    await run(SendEmail, site, ctx, connection=connection, to="ada@example.com", text="Hot.", **given)
    assert body_of(site.requests[0])["From"] == writes


@pytest.mark.parametrize(
    ("config", "told"),
    [
        ({"from": "a@example.com"}, "give a `template`, or `text`"),
        ({"from": "a@example.com", "subject": "Hot"}, "give a `template`, or `text`"),
        ({"from": "a@example.com", "template": "x", "subject": "Hot"}, "one of the two"),
        ({"from": "a@example.com", "text": "Hot.", "model": {"a": 1}}, "`model` fills a `template`"),
        ({"text": "Hot."}, "give `from`, here or in the connection"),
    ],
)
async def test_a_message_says_one_thing_and_who_writes(
    site: Site, ctx: BlockContext, config: dict[str, Any], told: str
) -> None:
    with pytest.raises(BlockError, match="config_invalid") as error:
        await run(SendEmail, site, ctx, to="ada@example.com", **config)
    assert told in error.value.message
    assert site.requests == []


def bounce(number: int) -> dict[str, Any]:
    # https://postmarkapp.com/developer/api/bounce-api
    return {
        "RecordType": "Bounce",
        "ID": number,
        "Type": "HardBounce",
        "TypeCode": 1,
        "Name": "Hard bounce",
        "MessageID": "2706ee8a-737c-4285-b032-ccd317af53ed",
        "Description": "The server was unable to deliver your message (ex: unknown user, mailbox not found).",
        "Email": "anything@blackhole.postmarkapp.com",
        "BouncedAt": "2014-01-15T16:09:19.6421112-05:00",
        "Inactive": False,
        "CanActivate": True,
    }


def bounces(count: int, told: int | None = None) -> Any:
    def page(request: Request) -> Reply:
        query = query_of(request)
        first, size = int(query["offset"]), int(query["count"])
        found = [bounce(number) for number in range(first, min(first + size, count))]
        return answer({"TotalCount": count if told is None else told, "Bounces": found})

    return page


async def test_bounces_are_read_page_by_page(site: Site, ctx: BlockContext) -> None:
    site.on("/bounces", bounces(1100))
    output = await run(MailerBounces, site, ctx, max_items=10_000, type="HardBounce", from_date="2026-11-01")
    assert [item["ID"] for item in output["bounces"]] == list(range(1100))
    assert (output["total"], output["more"]) == (1100, False)
    queries = [query_of(request) for request in site.requests]
    assert queries == [
        {"count": "500", "offset": offset, "type": "HardBounce", "fromdate": "2026-11-01"}
        for offset in ("0", "500", "1000")
    ]


async def test_no_more_bounces_are_read_than_wanted(site: Site, ctx: BlockContext) -> None:
    site.on("/bounces", bounces(1100))
    output = await run(MailerBounces, site, ctx, max_items=3)
    assert (len(output["bounces"]), output["total"], output["more"]) == (3, 1100, True)
    assert len(site.requests) == 1


async def test_a_count_that_is_wrong_leads_to_no_circle(site: Site, ctx: BlockContext) -> None:
    site.on("/bounces", bounces(2, told=9))
    output = await run(MailerBounces, site, ctx)
    assert (len(output["bounces"]), output["total"], output["more"]) == (2, 2, False)
    assert len(site.requests) == 2


@pytest.mark.parametrize(
    ("reply", "code", "retryable", "words"),
    [
        (
            answer({"ErrorCode": 406, "Message": "You tried to send to recipients marked as inactive."}, 422),
            *("http.status", False, "marked as inactive. (error 406)"),
        ),
        (answer({"ErrorCode": 10, "Message": "Bad or missing API token."}, 401), "http.status", False, "error 10"),
        (answer({"Message": "Unavailable"}, 503), "http.status", True, "Unavailable"),
        (answer({"ErrorCode": 300, "Message": "Invalid 'From'."}), "service.refused", False, "Invalid 'From'."),
        (answer({"ErrorCode": 0}), "service.unexpected", False, "MessageID"),
        (answer([]), "service.unexpected", False, "no object"),
        (Reply(body=b"<html>"), "service.unexpected", False, "not JSON"),
    ],
)
async def test_what_goes_wrong_is_told_in_the_words_of_the_service(  # noqa: PLR0917 - a row of the table
    site: Site, ctx: BlockContext, reply: Reply, code: str, retryable: bool, words: str
) -> None:
    error = await refusal(site, ctx, reply)
    assert (error.code, error.retryable) == (code, retryable)
    assert words in error.message


async def test_too_many_requests_are_made_later(site: Site, ctx: BlockContext) -> None:
    error = await refusal(site, ctx, answer({"ErrorCode": 429, "Message": "Rate limit."}, 429, retry_after="9"))
    assert (error.code, error.retryable, error.retry_after) == ("http.rate_limited", True, 9.0)


@pytest.mark.parametrize(
    "config",
    [
        {"to": []},
        {"to": ["ada@example.com"] * 51},
        {"to": "ada@example.com, eve@example.com"},
        {"from": "shop@example.com\r\nBcc: eve@example.com"},
        {"text": ""},
        {"headers": {"X-A": "b\r\nBcc: eve@example.com"}},
        {"attachments": [{"name": "x", "content": "no base64"}]},
        {"attachments": [{"name": "x", "text": "x" * 10_000_001}]},
    ],
)
async def test_what_can_not_be_sent(site: Site, ctx: BlockContext, config: dict[str, Any]) -> None:
    with pytest.raises(BlockError, match="config_invalid"):
        await run(MailerSend, site, ctx, **(MESSAGE | config))
    assert site.requests == []


@pytest.mark.skipif("MAILER_TEST_TOKEN" not in os.environ, reason="needs MAILER_TEST_TOKEN")
async def test_postmark_itself(ctx: BlockContext) -> None:
    config = {"connection": {"token": os.environ["MAILER_TEST_TOKEN"]}, **MESSAGE}
    assert (await run_block(MailerSend, config, ctx))["message_id"]
