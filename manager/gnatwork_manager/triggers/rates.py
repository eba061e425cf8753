"""How often a webhook may be called, counted for all managers together.

A sliding window in two counters: the calls of this window, and those of the one before, weighed by how much of it
still counts. Managers take calls from the shared document a few at a time, so that most cost no round trip. What a
manager has taken and does not use by the end of the window is lost: with n managers up to n - 1 shares of a twentieth
too few are let in, never more than the counters allow. The counters themselves take the calls of the window before as
evenly spread: where all came at its end, half as many again may pass within one `per`.
"""

import asyncio
import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple

import orjson

from gnatwork_bus.kv import Bucket
from gnatwork_manager.lru import LruCache
from gnatwork_manager.problems import ProblemError
from gnatwork_schemas import subjects
from gnatwork_schemas.errors import ConflictError, UnavailableError
from gnatwork_schemas.triggers import WebhookRate

#: Times that a manager goes to the document in a window, at least: more shares are fairer and cost more.
_SHARES = 20
#: Times that a share is asked for while others do the same.
_ATTEMPTS = 20
#: Webhooks whose shares are remembered; one that is forgotten takes another share.
_CAPACITY = 10_000

#: Namespace, workflow and id of a trigger.
_Key = tuple[str, str, str]


class Window(NamedTuple):
    """The calls that have been let in, by all managers."""

    #: Seconds that a window is long; another length begins anew.
    per: float
    #: Which one it is, counted from the epoch.
    number: int
    taken: int = 0
    #: In the window before.
    before: int = 0

    def at(self, now: float) -> "Window":
        """As it is by now; the clock of whoever wrote it may be ahead."""
        number = int(now // self.per)
        if number <= self.number:
            return self
        return Window(self.per, number, 0, self.taken if number == self.number + 1 else 0)

    def room(self, limit: int, now: float) -> int:
        """Calls that may still be let in."""
        return math.floor(limit - self.before * (1 - self._share(now)) + 1e-9) - self.taken

    def wait(self, limit: int, now: float) -> float:
        """Seconds until there is room for a call, if nobody else calls."""
        share = self._share(now)
        if self.taken < limit:
            return max(0.0, 1 - (limit - self.taken - 1) / max(self.before, 1) - share) * self.per
        return (1 - share + max(0.0, 1 - (limit - 1) / self.taken)) * self.per

    def _share(self, now: float) -> float:
        """How much of the window has gone by."""
        return min(max(now / self.per - self.number, 0.0), 1.0)


@dataclass(slots=True)
class _Share:
    """The calls that this manager may let in without asking."""

    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    window: int = 0
    left: int = 0
    #: Until then there is no room, Unix seconds.
    closed: float = 0.0

    def use(self, window: int) -> bool:
        if self.window < window or not self.left:
            return False
        self.left -= 1
        return True


class RateLimits:
    """The rates of all webhooks, as one manager knows them."""

    def __init__(self, state: Bucket, clock: Callable[[], float] = time.time) -> None:
        self._state = state
        self._clock = clock
        self._shares: LruCache[_Key, _Share] = LruCache(_CAPACITY)

    async def take(self, key: _Key, rate: WebhookRate) -> None:
        """Let a call in; ProblemError `hook.rate_limited` says after which time there is room again."""
        share = self._shares.get(key)
        if share is None:
            share = _Share()
            self._shares.put(key, share, 1)
        if self._is_in(share, rate):
            return
        async with share.lock:
            if not self._is_in(share, rate):
                await self._ask(key, share, rate)

    def _is_in(self, share: _Share, rate: WebhookRate) -> bool:
        now = self._clock()
        if share.use(int(now // rate.per)):
            return True
        if now < share.closed:
            raise _limited(share.closed - now, rate)
        return False

    async def _ask(self, key: _Key, share: _Share, rate: WebhookRate) -> None:
        """Take the next share out of the document, and the first call out of the share."""
        name = subjects.trigger_rate_key(*key)
        for _ in range(_ATTEMPTS):
            entry, revision = await self._state.find(name)
            now = self._clock()
            window = _parsed(entry.value if entry else b"", rate.per, now)
            if (room := window.room(rate.max, now)) < 1:
                wait = window.wait(rate.max, now)
                share.closed = now + wait
                raise _limited(wait, rate)
            granted = min(room, max(1, rate.max // _SHARES))
            after = window._replace(taken=window.taken + granted)
            try:
                await self._state.update(name, orjson.dumps(list(after)), revision, ttl=max(2 * rate.per, 1.0))
            except ConflictError:
                continue
            share.window, share.left = window.number, granted - 1
            return
        raise UnavailableError("too many calls are counted at this moment")


def _parsed(data: bytes, per: float, now: float) -> Window:
    window = Window(*orjson.loads(data)) if data else Window(per, 0)
    return (window if window.per == per else Window(per, 0)).at(now)


def _limited(wait: float, rate: WebhookRate) -> ProblemError:
    detail = f"it takes {rate.max} calls in {rate.per:g} s"
    return ProblemError("hook.rate_limited", detail, headers={"Retry-After": str(max(1, math.ceil(wait)))})
