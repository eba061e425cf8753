"""`email`, against a real SMTP server."""

import asyncio
import base64
import ssl
from collections.abc import AsyncIterator
from ipaddress import ip_address
from typing import Any

import pytest
import trustme
from support.mail_server import MailServer, running_mail_server
from support.resources import resources

from gnatwork_blocks.builtin.email import Email
from gnatwork_blocks.errors import BlockError
from gnatwork_blocks.mail import delivery
from gnatwork_blocks.resources import databases
from gnatwork_blocks.sdk import BlockContext
from gnatwork_blocks.testing import Recorder, run_block
from gnatwork_net.allow_list import Address, AllowList
from gnatwork_net.guard import Guard


@pytest.fixture
async def ctx() -> AsyncIterator[BlockContext]:
    async def local(_host: str, _port: int) -> list[Address]:
        return [ip_address("127.0.0.1")]

    guard = Guard(AllowList.parse("127.0.0.1"), local)
    async with resources(guard=guard, sql=databases(guard)) as shared:
        yield Recorder(resources=shared).context(timeout=20.0, idempotency_key="run:mail")


@pytest.fixture
async def server() -> AsyncIterator[MailServer]:
    async with running_mail_server() as server:
        yield server


def letter(taker: MailServer, **changes: Any) -> dict[str, Any]:
    return {
        "server": {"host": "mail.example", "port": str(taker.port), "tls": "none"},
        "from": "Shop <shop@example.com>",
        "to": "ada@example.com",
        "subject": "Soup",
        "text": "It is hot.",
    } | changes


async def refusal(ctx: BlockContext, config: dict[str, Any]) -> BlockError:
    with pytest.raises(BlockError) as caught:
        await run_block(Email, config, ctx)
    return caught.value


async def test_a_message_arrives_as_it_was_written(ctx: BlockContext, server: MailServer) -> None:
    config = letter(
        server,
        to=["Ada Łovelace <ada@example.com>", "bob@bücher.example"],
        cc="carol@example.com",
        bcc=["dan@example.com", "ada@example.com"],
        reply_to="help@example.com",
        subject="Süppe, very hot",
        html="<p>It is <b>hot</b>.</p>",
        headers={"X-Campaign": "winter"},
        attachments=[
            {"name": "menu.csv", "text": "soup;3 €\n"},
            {"name": "soup.png", "content": base64.b64encode(b"\x89PNG\x00").decode()},
        ],
    )
    output = await run_block(Email, config, ctx)
    (envelope,), (message,) = server.taken, server.messages
    recipients = ["ada@example.com", "bob@xn--bcher-kva.example", "carol@example.com", "dan@example.com"]
    assert output == {"message_id": message["Message-ID"], "accepted": recipients, "refused": {}}
    assert (envelope.mail_from, envelope.rcpt_tos) == ("shop@example.com", recipients)
    assert (envelope.original_content or b"").isascii()
    assert message["To"].addresses[0].display_name == "Ada Łovelace"
    assert (message["From"], message["Cc"], message["Reply-To"], message["Subject"], message["X-Campaign"]) == (
        "Shop <shop@example.com>",
        "carol@example.com",
        "help@example.com",
        "Süppe, very hot",
        "winter",
    )
    assert message["Bcc"] is None
    assert "dan" not in (envelope.original_content or b"").decode()
    assert message["Date"].datetime is not None
    text, html = message.get_body(("plain",)), message.get_body(("html",))
    assert text is not None
    assert html is not None
    assert text.get_content().strip() == "It is hot."
    assert html.get_content().strip() == "<p>It is <b>hot</b>.</p>"
    files = [(part.get_filename(), part.get_content_type(), part.get_content()) for part in message.iter_attachments()]
    assert files == [("menu.csv", "text/csv", "soup;3 €\n"), ("soup.png", "image/png", b"\x89PNG\x00")]


async def test_attempts_of_a_task_send_one_message_id_and_tasks_different_ones(
    ctx: BlockContext, server: MailServer
) -> None:
    for attempt, key in ((1, "run:mail"), (2, "run:mail"), (1, "run:other")):
        ctx.attempt, ctx.idempotency_key = attempt, key
        await run_block(Email, letter(server), ctx)
    first, again, other = (message["Message-ID"] for message in server.messages)
    assert first == again != other
    assert first.endswith("@example.com>")


async def test_who_is_refused_is_told_and_the_others_get_it(ctx: BlockContext, server: MailServer) -> None:
    server.answers["gone@example.com"] = "550 5.1.1 nobody here"
    output = await run_block(Email, letter(server, to=["gone@example.com", "ada@example.com"]), ctx)
    assert output["accepted"] == ["ada@example.com"]
    assert output["refused"] == {"gone@example.com": {"code": 550, "message": "5.1.1 nobody here"}}


@pytest.mark.parametrize(
    ("answers", "answer", "retryable"),
    [
        ({"ada@example.com": "550 nobody here"}, "250 taken", False),
        ({"ada@example.com": "450 not now"}, "250 taken", True),
        ({}, "554 looks like spam", False),
        ({}, "451 try again", True),
    ],
)
async def test_a_no_for_now_may_be_tried_again(
    ctx: BlockContext, server: MailServer, answers: dict[str, str], answer: str, retryable: bool
) -> None:
    server.answers, server.answer = answers, answer
    error = await refusal(ctx, letter(server))
    assert (error.code, error.retryable) == ("email.refused", retryable)
    assert server.taken == []


@pytest.mark.parametrize(
    "changes",
    [
        {"subject": "hot\r\nBcc: eve@example.com"},
        {"subject": "hot\nBcc: eve@example.com"},
        {"to": "ada@example.com\r\nBcc: eve@example.com"},
        {"from": "Shop\r\nX: y <shop@example.com>"},
        {"headers": {"X-A": "b\r\nBcc: eve@example.com"}},
        {"headers": {"X-A: b\r\nBcc": "eve@example.com"}},
        {"headers": {"Bcc": "eve@example.com"}},
        {"headers": {"Content-Type": "text/html"}},
        {"headers": {"X-A": "1", "x-a": "2"}},
        {"attachments": [{"name": 'a"\r\nX: y', "text": ""}]},
        {"attachments": [{"name": "a", "content": "not base64!"}]},
        {"attachments": [{"name": "a"}]},
        {"to": []},
        {"to": ["a@example.com"] * 101},
        {"text": None},
    ],
)
async def test_what_is_no_message_is_not_sent(ctx: BlockContext, server: MailServer, changes: dict[str, Any]) -> None:
    error = await refusal(ctx, letter(server, **changes))
    assert error.code == "block.config_invalid"
    assert server.taken == []


@pytest.mark.parametrize(
    "address",
    [
        "nobody",
        "a@b@c",
        "ada@example.com, eve@example.com",
        "friends: ada@example.com;",
        "< >",
        "ada@",
        "ada@example.com> <eve@example.com",
        "ada @example.com SIZE=1",
        '"a\x85b"@example.com',
        "ada@exa mple.com",
    ],
)
async def test_what_is_no_address_is_refused(ctx: BlockContext, server: MailServer, address: str) -> None:
    error = await refusal(ctx, letter(server, to=address))
    assert error.code == "email.invalid_address"
    assert server.taken == []


async def test_a_text_can_not_end_the_message(ctx: BlockContext, server: MailServer) -> None:
    text = "one\r\n.\r\nMAIL FROM:<eve@example.com>\r\n\n.\n\r.\rtwo"
    await run_block(Email, letter(server, text=text), ctx)
    (message,) = server.messages
    assert message.get_content().split() == text.split()


@pytest.mark.parametrize(
    "words",
    [
        "=?utf-8?q?Soup=0AX-Evil:_1?=",
        "Hot =?utf-8?b?U291cA0KDQpQYXkgaGVyZQ==?=",
        "=?utf-8?q?Soup=C2=85X-Evil:_1?=",
        "Soup\u2028X-Evil: 1",
    ],
)
@pytest.mark.parametrize("place", ["subject", "header", "file"])
async def test_no_header_can_be_hidden_in_another(
    ctx: BlockContext, server: MailServer, words: str, place: str
) -> None:
    changes: dict[str, dict[str, Any]] = {
        "subject": {"subject": words},
        "header": {"headers": {"X-Kitchen": words}},
        "file": {"attachments": [{"name": words, "text": "hot"}]},
    }
    error = await refusal(ctx, letter(server, **changes[place]))
    assert (error.code, error.retryable) == ("block.config_invalid", False)
    assert not server.taken


def contexts(authority: trustme.CA, name: str) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(name).configure_cert(context)
    return context


@pytest.mark.parametrize("way", ["starttls", "tls"])
async def test_tls_is_with_the_one_that_was_meant(ctx: BlockContext, monkeypatch: pytest.MonkeyPatch, way: str) -> None:
    authority = trustme.CA()

    def trusting() -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        authority.configure_trust(context)
        return context

    async with running_mail_server(**{way: contexts(authority, "mail.example")}, login=True) as server:
        at = {"host": "mail.example", "port": server.port, "username": "ada", "password": "s3cret-word", "tls": way}
        error = await refusal(ctx, letter(server, server=at))
        assert (error.code, error.retryable) == ("email.connection", False)
        assert "not trusted" in error.message
        monkeypatch.setattr(delivery, "_trusting", trusting)
        await run_block(Email, letter(server, server=at), ctx)
        error = await refusal(ctx, letter(server, server=at | {"host": "other.example"}))
        assert (error.code, error.retryable) == ("email.connection", False)
        error = await refusal(ctx, letter(server, server=at | {"password": "wrong-word"}))
        assert (error.code, error.retryable) == ("email.unauthorized", False)
        assert "wrong-word" not in repr((error.message, error.details))
        assert len(server.taken) == 1


async def test_a_server_without_starttls_gets_no_password(ctx: BlockContext) -> None:
    async with running_mail_server(login=True) as server:
        at = {"host": "mail.example", "port": server.port, "username": "ada", "password": "s3cret-word"}
        error = await refusal(ctx, letter(server, server=at))
        assert (error.code, error.retryable) == ("email.not_supported", False)


async def test_a_server_that_says_nothing(ctx: BlockContext, server: MailServer) -> None:
    server.hangs = asyncio.Event()
    error = await refusal(ctx, letter(server, timeout="300ms"))
    assert (error.code, error.retryable) == ("email.timeout", True)
    silent = await asyncio.get_running_loop().create_server(asyncio.Protocol, "127.0.0.1", 0)
    async with silent:
        at = {"host": "mail.example", "port": silent.sockets[0].getsockname()[1], "tls": "none"}
        error = await refusal(ctx, letter(server, server=at, timeout="300ms"))
        assert (error.code, error.retryable) == ("email.timeout", True)


async def test_a_server_that_is_not_there(ctx: BlockContext, server: MailServer) -> None:
    error = await refusal(ctx, letter(server, server={"host": "mail.example", "port": 1, "tls": "none"}))
    assert (error.code, error.retryable) == ("email.connection", True)


async def test_private_addresses_are_refused(server: MailServer) -> None:
    async with resources() as shared:
        ctx = Recorder(resources=shared).context(timeout=20.0)
        for host in ("127.0.0.1", "localhost", "2130706433"):
            at = {"host": host, "port": server.port, "tls": "none"}
            assert (await refusal(ctx, letter(server, server=at))).code == "email.blocked_address"
