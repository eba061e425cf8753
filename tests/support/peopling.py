"""People who call a manager: registered, invited, logged in."""

import time
from dataclasses import dataclass, field
from typing import Any

import httpx

from gnatwork_manager.manager import Address

PASSWORD = "correct horse battery"


@dataclass
class Clock:
    """A clock that is put forward by hand."""

    now: float = field(default_factory=time.time)

    def __call__(self) -> float:
        return self.now


@dataclass(frozen=True)
class Visitor:
    """Whoever calls one manager, without a token or with one."""

    http: httpx.AsyncClient

    async def ask(
        self, method: str, path: str, token: str = "", namespace: str = "default", **body: Any
    ) -> httpx.Response:
        headers = {"X-Gnatwork-Namespace": namespace}
        if token:
            headers["Authorization"] = f"Bearer {token}"
        return await self.http.request(method, path, headers=headers, json=body if body or method != "GET" else None)

    async def register(self, email: str, password: str = PASSWORD, **more: Any) -> httpx.Response:
        return await self.ask("POST", "/auth/register", email=email, password=password, **more)

    async def login(self, email: str, password: str = PASSWORD) -> httpx.Response:
        return await self.ask("POST", "/auth/login", email=email, password=password)

    async def token_of(self, email: str) -> str:
        """The access token of someone who logs in."""
        reply = await self.login(email)
        assert reply.status_code == 200, reply.text
        return str(reply.json()["access_token"])

    async def founded(self, email: str = "ada@example.org") -> str:
        """The access token of the first to register."""
        reply = await self.register(email)
        assert reply.status_code == 201, reply.text
        return await self.token_of(email)

    async def invited(self, admin: str, email: str, roles: dict[str, str]) -> str:
        """The access token of someone whom an admin has invited."""
        reply = await self.ask("POST", "/people/invitations", admin, roles=roles)
        assert reply.status_code == 201, reply.text
        reply = await self.register(email, invitation=reply.json()["token"])
        assert reply.status_code == 201, reply.text
        return await self.token_of(email)


def visitor(address: Address) -> Visitor:
    """Someone who calls the manager there; `http` is to be closed."""
    return Visitor(httpx.AsyncClient(base_url=f"{address.url}/api/v1", timeout=60))


def code_of(reply: httpx.Response) -> tuple[int, str]:
    """What a refusal says."""
    return reply.status_code, str(reply.json()["code"])
