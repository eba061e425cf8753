"""NATS' client library, where it would fall over what others send, or over a socket that has just closed."""

import asyncio
import logging
from typing import Any

from nats.aio.client import Client
from nats.aio.msg import Msg

log = logging.getLogger(__name__)


class TolerantClient(Client):
    """A client that reads on after a subject that is no UTF-8, at which the library stops without a word.

    And one to which a socket that has closed, before its reader has noticed, is a lost connection like any other.
    uvloop says so with a RuntimeError, which the library takes for the end of the event loop: whoever publishes next
    would get it, and so would the task that reconnects, which would never do so again.
    """

    def _build_message(
        self, sid: int, subject: bytes, reply: bytes, data: bytes, headers: dict[str, str] | None
    ) -> Msg:
        try:
            message: Msg = super()._build_message(sid, subject, reply, data, headers)
        except UnicodeDecodeError:
            # Such a subject names nothing of ours; it is for its reader to refuse.
            readable, answer = (text.decode(errors="backslashreplace").encode() for text in (subject, reply))
            message = super()._build_message(sid, readable, answer, data, headers)
        return message

    async def _flush_pending(self, force_flush: bool = False) -> Any:
        try:
            return await super()._flush_pending(force_flush)
        except (OSError, RuntimeError) as error:
            # What could not be written is kept until there is a server again; the reader sees to that.
            log.debug("not written yet: %s", error)
            return None

    async def _send_ping(self, future: asyncio.Future[Any] | None = None) -> None:
        try:
            await super()._send_ping(future)
        except RuntimeError as error:
            raise ConnectionResetError(str(error)) from error
