"""Handing a message to an SMTP server."""

import asyncio
import ssl
from datetime import UTC, datetime
from functools import cache
from typing import Any

import aiosmtplib

from gnatwork_blocks.builtin.email import Email, SmtpServer
from gnatwork_blocks.context import BlockContext
from gnatwork_blocks.errors import BlockError
from gnatwork_blocks.mail.message import Letter, compose
from gnatwork_net.guard import BlockedAddressError, InvalidHostError

#: Seconds to get a connection in.
_CONNECT_TIMEOUT = 10.0
#: How we greet: a literal, since the name of the machine is nobody's business (RFC 5321, 4.1.3).
_GREETING = "[127.0.0.1]"
#: Characters of a server's own words that are shown.
_MAX_WORDS = 300


@cache
def _trusting() -> ssl.SSLContext:
    """Whom the machine trusts; reading that takes its time."""
    return ssl.create_default_context()


async def send(ctx: BlockContext, config: Email.Config) -> dict[str, Any]:
    """Send the message of a config; yields `Email.Output`.

    Raises:
        BlockError: Any code `email.…`.
    """
    # A large one takes a while to encode, and the loop has others to serve.
    letter = await asyncio.to_thread(compose, config, ctx.idempotency_key, datetime.now(UTC))
    timeout = min(config.timeout or ctx.timeout, ctx.timeout)
    where = f"{config.server.host}:{config.server.port}"
    try:
        async with asyncio.timeout(timeout):
            return await _deliver(ctx, config.server, letter, timeout)
    except InvalidHostError as error:
        raise BlockError("email.connection", str(error)) from error
    except BlockedAddressError as error:
        raise BlockError("email.blocked_address", str(error)) from error
    except (aiosmtplib.SMTPException, OSError) as error:
        raise _failure(error, where) from error


async def _deliver(ctx: BlockContext, server: SmtpServer, letter: Letter, timeout: float) -> dict[str, Any]:
    connection = await ctx.guard.connect(server.host, server.port, _CONNECT_TIMEOUT)
    client = aiosmtplib.SMTP(
        # The name is what the certificate has to be for.
        hostname=server.host,
        sock=connection,
        local_hostname=_GREETING,
        use_tls=server.tls == "tls",
        start_tls=server.tls == "starttls",
        tls_context=None if server.tls == "none" else _trusting(),
        timeout=timeout,
    )
    try:
        await client.connect()
        if server.username:
            await client.login(server.username, server.password or "")
        options = ["SMTPUTF8", "BODY=8BITMIME"] if letter.international else []
        refused, _ = await client.sendmail(letter.sender, letter.recipients, letter.content, mail_options=options)
    except BaseException:
        client.close()
        raise
    else:
        await _part(client)
    return {
        "message_id": letter.message_id,
        "accepted": [address for address in letter.recipients if address not in refused],
        "refused": {
            address: {"code": answer.code, "message": _words(answer.message)} for address, answer in refused.items()
        },
    }


async def _part(client: aiosmtplib.SMTP) -> None:
    """Say good-bye; the message has been taken, so whatever goes wrong now is of no matter."""
    try:
        await client.quit(timeout=2.0)
    except (aiosmtplib.SMTPException, OSError):
        client.close()


def _failure(error: Exception, where: str) -> BlockError:  # noqa: PLR0911 - a kind per line
    for cause in (error, error.__cause__, error.__context__):
        if isinstance(cause, ssl.SSLCertVerificationError):
            return BlockError("email.connection", f"The certificate of {where} is not trusted: {cause.verify_message}")
    match error:
        case aiosmtplib.SMTPRecipientsRefused():
            refused = {one.recipient: {"code": one.code, "message": _words(one.message)} for one in error.recipients}
            first = error.recipients[0]
            return BlockError(
                "email.refused",
                f"{where} takes the message for nobody: {first.code} {_words(first.message)}",
                retryable=any(one.code < 500 for one in error.recipients),
                details={"refused": refused},
            )
        case aiosmtplib.SMTPAuthenticationError():
            message = f"{where} does not accept the user name and password: {error.code} {_words(error.message)}"
            return BlockError("email.unauthorized", message, retryable=error.code < 500)
        case aiosmtplib.SMTPResponseException() if error.code > 0:
            message = f"{where} refuses: {error.code} {_words(error.message)}"
            return BlockError("email.refused", message, retryable=error.code < 500, details={"code": error.code})
        case TimeoutError():
            return BlockError("email.timeout", f"{where} did not answer in time.", retryable=True)
        case OSError():
            return BlockError("email.connection", f"{where} can't be reached, or the connection broke.", retryable=True)
        case _:
            return BlockError("email.not_supported", f"{where} can't do what is asked for: {_words(str(error))}")


def _words(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _MAX_WORDS else f"{line[:_MAX_WORDS]}…"
