"""How many event streams one caller may have."""

import contextlib
from collections.abc import AsyncIterator

import pytest
from support.managing import TOKEN, until
from support.peopling import Visitor

from gnatwork_manager import event_stream


@contextlib.asynccontextmanager
async def following(visitor: Visitor, token: str) -> AsyncIterator[int]:
    """The status of an event stream, which is open for as long as the context lasts."""
    headers = {"Authorization": f"Bearer {token}"}
    async with visitor.http.stream("GET", "/events?replay=false", headers=headers) as reply:
        body = reply.aiter_bytes()
        # The first sign of life: from now on it counts.
        await anext(body)
        yield reply.status_code


async def test_the_streams_of_one_caller_are_bounded(one: Visitor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(event_stream, "MAX_STREAMS_OF_ONE", 2)
    monkeypatch.setattr(event_stream, "_HEARTBEAT", 0.01)
    ada = await one.founded()
    bob = await one.invited(ada, "bob@example.org", {"*": "viewer"})
    key = (await one.ask("POST", "/auth/keys", ada, name="ci", roles={"*": "viewer"})).json()["key"]
    async with following(one, ada) as first, following(one, key) as second:
        assert (first, second) == (200, 200)
        for token in (ada, key):
            reply = await one.ask("GET", "/events", token)
            assert (reply.status_code, reply.json()["code"]) == (429, "request.too_many_streams")
            assert reply.headers["retry-after"]
        async with following(one, bob) as status:
            assert status == 200
        async with following(one, TOKEN) as a, following(one, TOKEN) as b, following(one, TOKEN) as c:
            assert (a, b, c) == (200, 200, 200)

    async def let_in() -> bool:
        async with following(one, ada) as status:
            return status == 200

    await until(let_in, 20)
