"""A real SMTP server on a free port, which keeps what it takes."""

import asyncio
import ssl
import warnings
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword


@dataclass(kw_only=True)
class MailServer:
    """The server, seen from a test."""

    port: int = 0
    #: What has been taken, with its envelope.
    taken: list[Envelope] = field(default_factory=list)
    #: What is answered to recipients instead of 250.
    answers: dict[str, str] = field(default_factory=dict)
    #: What is answered to a message instead of 250.
    answer: str = "250 taken"
    #: Set, the server hangs before it answers to a message.
    hangs: asyncio.Event | None = None

    @property
    def messages(self) -> list[EmailMessage]:
        """What has been taken, read."""
        return [message_from_bytes(envelope.original_content or b"", policy=default) for envelope in self.taken]

    async def handle_RCPT(  # noqa: N802 - as aiosmtpd calls it
        self, _server: SMTP, _session: Any, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        if address in self.answers:
            return self.answers[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: SMTP, _session: Any, envelope: Envelope) -> str:  # noqa: N802 - as above
        if self.hangs:
            await self.hangs.wait()
        if self.answer.startswith("250"):
            self.taken.append(envelope)
        return self.answer


def _authenticate(_server: SMTP, _session: Any, _envelope: Envelope, _mechanism: str, data: Any) -> AuthResult:
    right = isinstance(data, LoginPassword) and (data.login, data.password) == (b"ada", b"s3cret-word")
    return AuthResult(success=right, handled=False)


@asynccontextmanager
async def running_mail_server(
    *, starttls: ssl.SSLContext | None = None, tls: ssl.SSLContext | None = None, login: bool = False
) -> AsyncIterator[MailServer]:
    """A server on 127.0.0.1; with `login`, it wants `ada` and `s3cret-word`."""
    server = MailServer()

    def protocol() -> SMTP:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # that passwords may come in the open
            return SMTP(
                server,
                hostname="mail.example",
                ident="test",
                enable_SMTPUTF8=True,
                tls_context=starttls,
                require_starttls=starttls is not None,
                auth_required=login,
                auth_require_tls=False,
                authenticator=_authenticate if login else None,
                loop=asyncio.get_running_loop(),
            )

    listening = await asyncio.get_running_loop().create_server(protocol, "127.0.0.1", 0, ssl=tls)
    server.port = listening.sockets[0].getsockname()[1]
    async with listening:
        yield server
        if server.hangs:
            server.hangs.set()
