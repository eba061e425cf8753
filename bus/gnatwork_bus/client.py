"""NATS' client library, where it would fall over what others send."""

from nats.aio.client import Client
from nats.aio.msg import Msg


class TolerantClient(Client):
    """A client that reads on after a subject that is no UTF-8, at which the library stops without a word."""

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
