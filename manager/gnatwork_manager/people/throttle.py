"""Tries to log in, counted for all managers together."""

import hashlib
import ipaddress
import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

from gnatwork_bus.kv import Bucket
from gnatwork_manager.people.allowance import Allowance
from gnatwork_manager.people.records import email_digest
from gnatwork_manager.problems import ProblemError
from gnatwork_schemas import subjects
from gnatwork_schemas.errors import ConflictError

#: With one e-mail address: ten at once, then one a minute.
BY_EMAIL = Allowance(burst=10, every=60.0)
#: From one address: fifty at once, then ten a minute.
BY_ADDRESS = Allowance(burst=50, every=6.0)

#: Repetitions of a write that another one came before.
_TRIES = 10


class Try(NamedTuple):
    """Something that is counted."""

    key: str
    allowance: Allowance


def tries(*, email: str | None = None, address: str) -> tuple[Try, ...]:
    """What an attempt counts for."""
    found = (Try(subjects.throttle_key("address", _digest(_network(address))), BY_ADDRESS),)
    return found if email is None else (Try(subjects.throttle_key("email", email_digest(email)), BY_EMAIL), *found)


class Throttle:
    """Counts tries before they are made, so that many at once are no way around it."""

    def __init__(self, state: Bucket, clock: Callable[[], float]) -> None:
        self._state = state
        self._clock = clock

    async def take(self, wanted: Sequence[Try]) -> None:
        """Count one try; ProblemError `auth.throttled` when it is one too many."""
        for number, one in enumerate(wanted):
            wait = await self._take(one)
            if wait is not None:
                await self.give_back(wanted[:number])
                seconds = max(1, math.ceil(wait))
                raise ProblemError(
                    "auth.throttled", f"the next try is in {seconds} s", headers={"Retry-After": str(seconds)}
                )

    async def give_back(self, wanted: Sequence[Try]) -> None:
        """Count a try no more: it was a good one."""
        for one in wanted:
            for _ in range(_TRIES):
                entry = await self._state.get(one.key)
                if entry is None:
                    break
                empty_at = one.allowance.give_back(float(entry.value))
                try:
                    await self._write(one, empty_at, entry.revision)
                except ConflictError:
                    continue
                break

    async def _take(self, one: Try) -> float | None:
        """Seconds to wait when it is one too many; None when it is counted."""
        for _ in range(_TRIES):
            entry, revision = await self._state.find(one.key)
            empty_at, now = float(entry.value) if entry else 0.0, self._clock()
            after = one.allowance.take(empty_at, now)
            if after is None:
                return one.allowance.wait(empty_at, now)
            try:
                await self._write(one, after, revision)
            except ConflictError:
                continue
            return None
        # So many come at once that they are too many.
        return one.allowance.every

    async def _write(self, one: Try, empty_at: float, revision: int) -> None:
        await self._state.update(one.key, repr(empty_at).encode(), revision, ttl=one.allowance.memory)


def _network(address: str) -> str:
    """What one caller has for themselves: of IPv6 that is a whole network."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address
    return str(ipaddress.ip_network((parsed, 64), strict=False)) if parsed.version == 6 else address


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:32]
