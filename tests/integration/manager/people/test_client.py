"""People, keys and the audit log with the Python client: over HTTP, and over NATS where there is a twin."""

import asyncio
import contextlib
from datetime import UTC, datetime

import httpx
import pytest
from support.managing import TOKEN
from support.peopling import PASSWORD, Visitor

from gnatwork import Client, ClientError, RequestError
from gnatwork_schemas.audit import AuditRecord
from gnatwork_schemas.people import Role


@pytest.fixture
def api(one: Visitor) -> str:
    return str(one.http.base_url).removesuffix("/api/v1/")


async def test_a_person_from_the_invitation_to_the_logout(api: str) -> None:
    async with Client(api) as ada, Client(api) as bob:
        assert (await ada.register("ada@example.org", PASSWORD, name="Ada")).roles == {"*": "admin"}
        await ada.login("ada@example.org", PASSWORD)
        invitation = await ada.people.invite({"team": Role.EDITOR}, email="bob@example.org")
        assert [one.id for one in (await ada.people.invitations()).items] == [invitation.id]
        person = await bob.register("bob@example.org", PASSWORD, invitation=invitation.token)
        await bob.login("bob@example.org", PASSWORD)
        assert (await bob.me()).id == person.id
        assert {one.email for one in (await ada.people.list()).items} == {"ada@example.org", "bob@example.org"}
        assert (await ada.people.update(person.id, roles={"team": Role.VIEWER})).roles == {"team": "viewer"}
        await bob.change_password(PASSWORD, "another password")
        assert (await bob.me()).roles == {"team": "viewer"}
        await bob.logout()
        with pytest.raises(RequestError, match="the session is over"):
            await bob.me()


@pytest.mark.parametrize("over", ["http", "nats"])
async def test_people_keys_and_the_log_are_the_same_over_http_and_nats(api: str, nats_url: str, over: str) -> None:
    async with Client(api if over == "http" else nats_url, token=TOKEN) as client, Client(api) as bob:
        records = client.audit.follow()
        async with contextlib.aclosing(records):
            first = asyncio.ensure_future(anext(records))
            invitation = await client.people.invite({"*": Role.ADMIN})
            person = await bob.register("bob@example.org", PASSWORD, invitation=invitation.token)
            await client.people.reset(person.id, "another password")
            await bob.login("bob@example.org", "another password")
            key = await client.keys.create(
                "ci", roles={"team": Role.VIEWER}, expires_at=datetime(2999, 1, 1, tzinfo=UTC)
            )
            assert [one.id for one in (await client.keys.list()).items] == [key.id]
            await client.keys.delete(key.id)
            assert (await client.people.get(person.id)).last_login is not None
            with pytest.raises(RequestError, match="nobody would be admin"):
                await client.people.delete(person.id)
            another = await client.people.invite({"*": Role.ADMIN})
            await client.people.revoke(another.id)
            listed = (await client.audit.list()).items
            assert [one.what for one in listed] == [
                "invitation.delete",
                "invitation.create",
                "key.delete",
                "key.create",
                "auth.login",
                "people.reset",
                "auth.register",
                "invitation.create",
            ]
            assert [one.target for one in listed[2:4]] == [key.id, key.id]
            assert listed[0].who == ("token" if over == "http" else "nats")
            # It follows from when it was asked, which may be after the first ones.
            followed: list[AuditRecord] = [await first]
            while followed[-1].id < listed[0].id:
                followed.append(await anext(records))
            assert followed == listed[: len(followed)][::-1]


async def test_over_nats_nobody_logs_in(nats_url: str, one: Visitor) -> None:
    async with Client(nats_url) as client:
        with pytest.raises(ClientError, match="Over NATS nobody logs in"):
            await client.login("ada@example.org", PASSWORD)


async def test_a_stream_ends_when_its_reader_may_not_read_any_more(one: Visitor, other: Visitor) -> None:
    admin = await one.founded()
    key = (await one.ask("POST", "/auth/keys", admin, name="ci")).json()
    headers = {"Authorization": f"Bearer {key['key']}"}
    async with asyncio.timeout(30), other.http.stream("GET", "/audit/follow", headers=headers) as stream:
        lines = stream.aiter_lines()
        assert (await anext(lines)).startswith("id: ")
        await one.ask("PUT", "/workflows/a", admin, blocks=[{"id": "d", "type": "delay", "config": {"for": "1s"}}])
        while '"workflow.put"' not in await anext(lines):
            pass
        assert (await one.ask("DELETE", f"/auth/keys/{key['id']}", admin)).status_code == 204
        async with asyncio.timeout(20):
            while (await other.ask("GET", "/auth/me", key["key"])).status_code != 401:
                pass
        await one.ask("PUT", "/workflows/b", admin, blocks=[{"id": "d", "type": "delay", "config": {"for": "1s"}}])
        with contextlib.suppress(httpx.RemoteProtocolError):
            assert '"target":"b"' not in "".join([line async for line in lines])
