"""Refuses submissions while a little room is left, so that the runs under way can still end."""

import asyncio
import logging
import time

from gnatwork_bus.connection import ApiError, Connection
from gnatwork_manager.problems import ProblemError
from gnatwork_schemas.errors import UnavailableError

log = logging.getLogger(__name__)

#: Share of the account's storage from which on nothing new begins.
_FULL = 0.9
#: Seconds that a look at the account is good for.
_FRESH = 5.0


class StoreGuard:
    """Knows how full the account's store is, as far as the account has a limit.

    Looks only while there are submissions, beside them: none waits for it.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._looked = 0.0
        self._look: asyncio.Task[None] | None = None
        self._share = 0.0

    def check(self) -> None:
        """Raises ProblemError `engine.store_full` from 90 % on."""
        now = time.monotonic()
        if now - self._looked > _FRESH and (self._look is None or self._look.done()):
            self._looked = now
            self._look = asyncio.create_task(self.look(), name="store-guard")
        if self._share >= _FULL:
            raise ProblemError("engine.store_full", f"{self._share:.0%} of the account's storage is in use")

    async def look(self) -> None:
        """Ask the server."""
        try:
            account = await self._connection.api("INFO")
        except (ApiError, UnavailableError) as error:
            log.debug("the account's storage is unknown: %s", error)
            return
        limit = account.get("limits", {}).get("max_storage", -1)
        self._share = account["storage"] / limit if limit > 0 else 0.0
