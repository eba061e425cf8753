"""Pull requests that wait at a consumer, and who of those that share a pin is served."""

import asyncio
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from support.sim.messages import Message, pull_status, status

_MOST = 512


@dataclass(slots=True, eq=False)
class Pull:
    """A request for messages."""

    reply: str
    left: int
    expires: float
    #: Seconds between signs of life, or None.
    heartbeat: float | None
    pin: str
    next_beat: float = 0.0
    timer: asyncio.TimerHandle | None = None


class Pulls:
    """The requests that wait, in the order in which they are served."""

    def __init__(
        self,
        config: Mapping[str, Any],
        *,
        later: Callable[..., asyncio.TimerHandle],
        now: Callable[[], float],
        send: Callable[[Message], bool],
        has_interest: Callable[[str], bool],
        new_pin: Callable[[], str],
    ) -> None:
        self._groups: list[str] = config.get("priority_groups") or []
        self._pin_timeout = config.get("priority_timeout", 0) / 1e9
        self._later, self._now, self._send = later, now, send
        self._has_interest, self._new_pin = has_interest, new_pin
        #: Called when others than before may be served.
        self.wake: Callable[[], None] = lambda: None
        self._waiting: deque[Pull] = deque()
        #: The client that is served; empty: none.
        self.pin = ""
        self._pin_timer: asyncio.TimerHandle | None = None

    def __len__(self) -> int:
        return len(self._waiting)

    def add(self, reply: str, request: Mapping[str, Any]) -> bool:
        """Take a request; whether it waits now."""
        pin = request.get("id", "")
        if self._groups:
            if request.get("group") not in self._groups:
                self._send(status(reply, 400, "Bad Request - Invalid Priority Group"))
                return False
            if self.pin and pin == self.pin:
                self._keep_pin()
            elif self.pin and pin:
                self._send(status(reply, 423, "Nats-Pin-Id mismatch"))
                return False
        heartbeat = request.get("idle_heartbeat", 0) / 1e9 or None
        if len(self._waiting) >= _MOST:
            if heartbeat is None:
                self._send(status(reply, 409, "Exceeded MaxWaiting"))
            return False
        expires = self._now() + request["expires"] / 1e9 if request.get("expires") else float("inf")
        pull = Pull(reply, int(request.get("batch", 1)), expires, heartbeat, pin)
        pull.next_beat = self._now() + heartbeat if heartbeat else float("inf")
        self._waiting.append(pull)
        self._watch(pull)
        return True

    def take(self) -> Pull | None:
        """The request that gets the next message; None when nobody may have it."""
        cycled = 0
        while self._waiting and cycled < len(self._waiting):
            pull = self._waiting[0]
            if self._groups:
                if not pull.pin and not self.pin:
                    self.pin = pull.pin = self._new_pin()
                    self._keep_pin()
                elif not pull.pin:
                    self._waiting.rotate(-1)
                    cycled += 1
                    continue
                elif pull.pin != self.pin:
                    self._drop(pull)
                    self._send(pull_status(pull.reply, 423, "Nats-Wrong-Pin-Id", pull.left))
                    continue
            if not self._has_interest(pull.reply):
                self._drop(pull)
                continue
            return self._serve(pull)
        return None

    def unpin(self) -> None:
        """Nobody is the one that is served any more."""
        self.pin = ""
        if self._pin_timer:
            self._pin_timer.cancel()
            self._pin_timer = None

    def clear(self) -> None:
        """Forget everything, as a server does that stops."""
        for pull in tuple(self._waiting):
            self._drop(pull)
        self.unpin()

    def _serve(self, pull: Pull) -> Pull:
        pull.left -= 1
        if pull.heartbeat:
            pull.next_beat = self._now() + pull.heartbeat
        if pull.left:
            self._waiting.rotate(-1)
        else:
            self._drop(pull)
        return pull

    def _drop(self, pull: Pull) -> None:
        self._waiting.remove(pull)
        if pull.timer:
            pull.timer.cancel()

    def _keep_pin(self) -> None:
        if self._pin_timer:
            self._pin_timer.cancel()
        self._pin_timer = self._later(self._pin_timeout, self._lapse)

    def _lapse(self) -> None:
        self.unpin()
        self.wake()

    def _watch(self, pull: Pull) -> None:
        due = min(pull.expires, pull.next_beat)
        if due != float("inf"):
            pull.timer = self._later(due - self._now(), self._check, pull)

    def _check(self, pull: Pull) -> None:
        now = self._now()
        if now >= pull.expires:
            self._drop(pull)
            self._send(pull_status(pull.reply, 408, "Request Timeout", pull.left))
        elif not self._has_interest(pull.reply):
            self._drop(pull)
        else:
            if now >= pull.next_beat:
                self._send(status(pull.reply, 100, "Idle Heartbeat"))
                pull.next_beat = now + (pull.heartbeat or 0.0)
            self._watch(pull)
