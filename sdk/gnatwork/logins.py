"""Requests of someone who has logged in: their access token goes along, and is renewed before it expires."""

import asyncio
import contextlib
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from typing import NamedTuple, Protocol

import httpx

from gnatwork_schemas.people import Tokens

#: Seconds before its end when an access token is renewed.
_EARLY = 30.0


class Login(NamedTuple):
    """What someone has who has logged in."""

    access_token: str
    #: To be exchanged for the next tokens, once.
    refresh_token: str
    #: When the access token expires, Unix seconds.
    expires_at: float

    @classmethod
    def of(cls, tokens: Tokens) -> "Login":
        """As the manager has just given it."""
        return cls(tokens.access_token, tokens.refresh_token, time.time() + tokens.expires_in)


class Keeper(Protocol):
    """Where a login is kept, so that other programs can go on with it."""

    def exchanging(self) -> AbstractAsyncContextManager[Login | None]:
        """What is kept now; nobody else exchanges it for as long as the context lasts."""

    def keep(self, login: Login) -> None:
        """Keep this in its place."""


class LoginAuth(httpx.Auth):
    """Authenticates requests with a login."""

    def __init__(self, login: Login, refresh: Callable[[str], Awaitable[Tokens]], keeper: Keeper | None = None) -> None:
        """Begin with a login.

        Args:
            login: what there is.
            refresh: exchanges a refresh token.
            keeper: where the login is kept; without one it is this program's own.
        """
        self._login = login
        self._refresh = refresh
        self._keeper = keeper
        self._renewing = asyncio.Lock()

    async def async_auth_flow(self, request: httpx.Request) -> AsyncGenerator[httpx.Request, httpx.Response]:
        """As httpx has it."""
        async with self._renewing:
            if self._is_late(self._login):
                await self._renew()
        request.headers["Authorization"] = f"Bearer {self._login.access_token}"
        yield request

    async def _renew(self) -> None:
        """Exchange the refresh token, or take what another program has exchanged it for."""
        exchanging = self._keeper.exchanging() if self._keeper else contextlib.nullcontext(self._login)
        async with exchanging as kept:
            if kept is not None and not self._is_late(kept):
                self._login = kept
                return
            self._login = Login.of(await self._refresh((kept or self._login).refresh_token))
            if self._keeper:
                self._keeper.keep(self._login)

    @staticmethod
    def _is_late(login: Login) -> bool:
        return login.expires_at - _EARLY <= time.time()
