"""Stands in for `nats.aio.client.Client`: the methods that the bus uses, with the library's behaviour around cuts.

What is published while there is no connection waits and is sent after the subscriptions are renewed; what was under
way when a connection was cut is lost, and for a while neither end need have noticed.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextvars import Context, copy_context
from types import SimpleNamespace
from typing import Any

from nats.aio.msg import Msg
from nats.errors import ConnectionClosedError, NoRespondersError
from nats.errors import TimeoutError as NatsTimeoutError

from gnatwork_schemas import header_names
from support.sim.clock import PROCESS
from support.sim.messages import Message
from support.sim.network import Session
from support.sim.server import Server
from support.sim.subscription import Handler, SimSubscription

_RECONNECT_WAIT = 0.25


class SimClient:
    """A client of the simulated server."""

    max_payload = 1024 * 1024
    connected_server_version = SimpleNamespace(major=2, minor=15, patch=1)
    connected_url = SimpleNamespace(port=4222)

    def __init__(self, server: Server) -> None:
        self._server = server
        self._process = PROCESS.get()
        self._context: Context = copy_context()
        self._session: Session | None = None
        #: Until when no connection can be made.
        self._barred = 0.0
        self._subscriptions: dict[int, SimSubscription] = {}
        self._numbers = 0
        self._buffer: list[tuple[Callable[..., object], tuple[Any, ...]]] = []
        self._waiting: dict[str, asyncio.Future[Msg]] = {}
        self._replies = ""
        self._recovery: asyncio.Task[None] | None = None
        self._disconnected: Callable[[], Awaitable[None]] | None = None
        self._reconnected: Callable[[], Awaitable[None]] | None = None
        self.is_connected = False
        self.is_closed = False

    async def connect(
        self,
        _url: str,
        *,
        disconnected_cb: Callable[[], Awaitable[None]] | None = None,
        reconnected_cb: Callable[[], Awaitable[None]] | None = None,
        **_options: object,
    ) -> None:
        """Connect, however long that takes."""
        self._disconnected, self._reconnected = disconnected_cb, reconnected_cb
        await self._reach()

    def new_inbox(self) -> str:
        """An inbox that nobody else has."""
        return f"_INBOX.{self._server.new_number()}"

    async def subscribe(self, subject: str, cb: Handler | None = None, **_limits: int) -> Any:
        """Listen; with `cb` each message is handled one after the other."""
        if self.is_closed:
            raise ConnectionClosedError
        self._numbers += 1
        subscription = SimSubscription(self, self._numbers, subject, cb)
        self._subscriptions[self._numbers] = subscription
        if self._session:
            self._announce(self._session, subscription)
        return subscription

    async def publish(
        self, subject: str, payload: bytes = b"", reply: str = "", headers: Mapping[str, str] | None = None
    ) -> None:
        """Send, or keep until there is a connection."""
        if self.is_closed:
            raise ConnectionClosedError
        self._send(self._server.publish, Message(subject, payload, reply, headers), self._name)

    async def request(
        self, subject: str, payload: bytes = b"", timeout: float = 0.5, headers: Mapping[str, str] | None = None
    ) -> Msg:
        """Send and wait for the reply."""
        if not self._replies:
            self._replies = self.new_inbox()
            await self.subscribe(f"{self._replies}.*", cb=self._replied)
        reply = f"{self._replies}.{self._server.new_number()}"
        future: asyncio.Future[Msg] = asyncio.get_running_loop().create_future()
        self._waiting[reply] = future
        try:
            await self.publish(subject, payload, reply=reply, headers=headers)
            message = await asyncio.wait_for(future, timeout)
        except TimeoutError:
            raise NatsTimeoutError from None
        finally:
            self._waiting.pop(reply, None)
        if not message.data and (message.headers or {}).get(header_names.STATUS) == "503":
            raise NoRespondersError
        return message

    async def flush(self, timeout: float = 10) -> None:
        """Wait until the server has seen everything."""
        if self.is_closed:
            raise ConnectionClosedError
        answered = asyncio.Event()
        self._send(self._pong, answered)
        try:
            await asyncio.wait_for(answered.wait(), timeout)
        except TimeoutError:
            raise NatsTimeoutError from None

    async def close(self) -> None:
        """Be done with the connection."""
        if self.is_closed:
            return
        self._end()
        if self._disconnected:
            await self._disconnected()

    def kill(self) -> None:
        """The process is gone: nothing comes from it any more."""
        self._end()

    def cut(self, *, client_notices: float, server_notices: float, barred: float) -> None:
        """Cut the connection; each end notices after some seconds, and for a while there is no new one."""
        session = self._session
        if session is None or session.cut or self.is_closed:
            return
        session.cut = True
        loop = self._server.loop
        self._barred = loop.time() + barred
        loop.call_at(loop.time() + client_notices, self._lost, session, context=self._context)
        self._server.later(server_notices, self._server.disconnect, session)

    def leave(self, number: int) -> None:
        """Ask the server to send no more of a subscription."""
        if session := self._session:
            session.to_server(self._server.interest.remove, session, number)

    def _remove_sub(self, number: int) -> None:
        """What the client library calls `forget`."""
        self.forget(number)

    def forget(self, number: int) -> None:
        """A subscription is over."""
        if self._subscriptions.pop(number, None):
            self.leave(number)

    @property
    def _name(self) -> str:
        return self._process.name if self._process else "world"

    def _end(self) -> None:
        self.is_connected, self.is_closed = False, True
        if session := self._session:
            session.cut = True
            self._session = None
            self._server.later(0.0, self._server.disconnect, session)
        for subscription in self._subscriptions.values():
            subscription.stop()
        self._subscriptions.clear()
        if self._recovery:
            self._recovery.cancel()

    def _send(self, callback: Callable[..., object], *args: Any) -> None:
        if self._session:
            self._session.to_server(callback, *args)
        else:
            self._buffer.append((callback, args))

    def _pong(self, answered: asyncio.Event) -> None:
        # The server is asked, and answers over the connection that there is now.
        if self._session:
            self._session.to_client(answered.set)

    def _announce(self, session: Session, subscription: SimSubscription) -> None:
        add = self._server.interest.add
        session.to_server(add, subscription.subject, session, self._arrived, subscription.number)

    def _arrived(self, number: int, message: Message) -> None:
        if subscription := self._subscriptions.get(number):
            headers = dict(message.headers) if message.headers else None
            subscription.put(
                Msg(
                    _client=self,  # type: ignore[arg-type]  # it stands in for it
                    subject=message.shown or message.subject,
                    reply=message.reply,
                    data=message.data,
                    headers=headers,
                )
            )

    async def _replied(self, message: Msg) -> None:
        future = self._waiting.get(message.subject)
        if future and not future.done():
            future.set_result(message)

    def _lost(self, session: Session) -> None:
        """This end notices that the connection is gone."""
        if self.is_closed or session is not self._session:
            return
        self._session = None
        self.is_connected = False
        if self._recovery:
            self._recovery.cancel()
        self._recovery = asyncio.get_running_loop().create_task(self._recover(), context=self._context)

    async def _recover(self) -> None:
        if self._disconnected:
            await self._disconnected()
        while not self.is_closed:
            await self._reach()
            if await self._is_answered():
                break
        if self._reconnected and not self.is_closed:
            await self._reconnected()

    async def _is_answered(self) -> bool:
        """Whether the server answers over the new connection; otherwise it is given up."""
        try:
            await self.flush(2)
        except NatsTimeoutError:
            if self._session:
                self._session.cut = True
                self._server.later(0.0, self._server.disconnect, self._session)
            self._session = None
            self.is_connected = False
            return False
        return True

    async def _reach(self) -> None:
        """Connect, renew the subscriptions and send what has been waiting."""
        loop = asyncio.get_running_loop()
        while True:
            session = None
            if self._barred <= loop.time():
                session = self._server.connect(self._name, self._context, self._lost)
            if session:
                await asyncio.sleep(2 * self._server.network.delay())
                if not session.cut:
                    break
            await asyncio.sleep(_RECONNECT_WAIT)
        self._session = session
        for subscription in self._subscriptions.values():
            self._announce(session, subscription)
        buffer, self._buffer = self._buffer, []
        for callback, args in buffer:
            session.to_server(callback, *args)
        self.is_connected = True
