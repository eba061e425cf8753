"""Connections between clients and the server: ordered, slow at times, and cut without a word."""

import asyncio
from collections.abc import Callable
from contextvars import Context
from random import Random
from typing import Any


class Network:
    """How long messages take."""

    def __init__(self, loop: asyncio.AbstractEventLoop, source: Random) -> None:
        self.loop = loop
        self._source = source
        #: Share of the messages that are held up.
        self.held_up = 0.01

    def delay(self) -> float:
        """Seconds that the next message takes."""
        source = self._source
        return 0.3 * source.random() if source.random() < self.held_up else 0.0002 + 0.002 * source.random()


class Session:
    """One connection as both of its ends see it; when it is cut, all that is under way is lost."""

    def __init__(self, network: Network, name: str, server: Context, client: Context) -> None:
        self.name = name
        #: What the client subscribes to, by its number.
        self.subscriptions: dict[int, str] = {}
        self.cut = False
        self._network = network
        self._contexts = (server, client)
        #: When the last message to the server, and to the client, arrives.
        self._arrivals = [0.0, 0.0]

    def to_server(self, callback: Callable[..., object], *args: Any) -> None:
        """Have the server call back when a message has arrived there."""
        self._send(0, callback, args)

    def to_client(self, callback: Callable[..., object], *args: Any) -> None:
        """Have the client call back when a message has arrived there."""
        self._send(1, callback, args)

    def _send(self, end: int, callback: Callable[..., object], args: tuple[Any, ...]) -> None:
        if self.cut:
            return
        loop = self._network.loop
        when = self._arrivals[end] = max(self._arrivals[end], loop.time() + self._network.delay())
        loop.call_at(when, self._arrive, callback, args, context=self._contexts[end])

    def _arrive(self, callback: Callable[..., object], args: tuple[Any, ...]) -> None:
        if not self.cut:
            callback(*args)
