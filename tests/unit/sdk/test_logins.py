"""Logins: renewed before they end, once, and kept where other programs find them."""

import asyncio
import json
import stat
import time
from pathlib import Path

import httpx
import pytest

from gnatwork import AddressError, Credentials, Login, find_address
from gnatwork.logins import LoginAuth
from gnatwork_schemas.people import Tokens

API = "http://manager"


class Manager:
    """Exchanges refresh tokens, each once."""

    def __init__(self) -> None:
        self.exchanged: list[str] = []
        self.seen: list[str] = []

    async def refresh(self, token: str) -> Tokens:
        assert token not in self.exchanged, "a token that is used twice ends the session"
        self.exchanged.append(token)
        number = len(self.exchanged)
        return Tokens(access_token=f"access-{number}", refresh_token=f"refresh-{number}", expires_in=900)

    def answer(self, request: httpx.Request) -> httpx.Response:
        self.seen.append(request.headers["authorization"])
        return httpx.Response(200)

    def client(self, auth: httpx.Auth) -> httpx.AsyncClient:
        return httpx.AsyncClient(auth=auth, transport=httpx.MockTransport(self.answer))


def login(seconds: float) -> Login:
    return Login("access-0", "refresh-0", time.time() + seconds)


async def test_a_good_token_is_sent_as_it_is() -> None:
    manager = Manager()
    async with manager.client(LoginAuth(login(900), manager.refresh)) as client:
        await client.get(API)
    assert (manager.seen, manager.exchanged) == (["Bearer access-0"], [])


async def test_one_that_is_about_to_end_is_renewed_once_for_all() -> None:
    manager = Manager()
    async with manager.client(LoginAuth(login(5), manager.refresh)) as client:
        await asyncio.gather(*(client.get(API) for _ in range(10)))
    assert set(manager.seen) == {"Bearer access-1"}
    assert manager.exchanged == ["refresh-0"]


async def test_two_programs_go_on_with_one_login(tmp_path: Path) -> None:
    manager, kept = Manager(), Credentials(tmp_path, API)
    kept.keep(login(5))
    programs = [manager.client(LoginAuth(login(5), manager.refresh, Credentials(tmp_path, API))) for _ in range(3)]
    await asyncio.gather(*(program.get(API) for program in programs))
    assert manager.exchanged == ["refresh-0"]
    found = kept.load()
    assert found is not None
    assert found.refresh_token == "refresh-1"
    for program in programs:
        await program.aclose()


def test_logins_are_kept_by_address_and_for_their_owner_alone(tmp_path: Path) -> None:
    mine, other = Credentials(tmp_path, API), Credentials(tmp_path, "http://other/")
    assert mine.load() is None
    mine.forget()
    mine.keep(login(1))
    other.keep(login(2))
    file = tmp_path / "credentials.json"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert json.loads(file.read_text()).keys() == {API, "http://other"}
    mine.forget()
    assert mine.load() is None
    assert other.load() is not None


@pytest.mark.parametrize("content", ["{", '{"http://manager": {"access_token": "a"}}', '{"http://manager": 3}'])
def test_a_file_that_is_none_of_ours(tmp_path: Path, content: str) -> None:
    (tmp_path / "credentials.json").write_text(content)
    with pytest.raises(AddressError, match=r"credentials\.json can't be read"):
        Credentials(tmp_path, API).load()


def test_a_login_is_used_where_there_is_no_token(tmp_path: Path) -> None:
    Credentials(tmp_path, API).keep(login(900))
    assert find_address(api=API, data_dir=tmp_path, environment={}).login is not None
    assert find_address(api="http://other", data_dir=tmp_path, environment={}).login is None
    assert find_address(api=API, data_dir=tmp_path, environment={"GNATWORK_TOKEN": "t"}).login is None
    (tmp_path / "connection.json").write_text(json.dumps({"api": API, "nats": "nats://n", "token": "t", "pid": 1}))
    found = find_address(data_dir=tmp_path, environment={})
    assert (found.token, found.login) == ("t", None)
    (tmp_path / "connection.json").write_text(json.dumps({"api": API, "nats": "nats://n", "token": "", "pid": 1}))
    assert find_address(data_dir=tmp_path, environment={}).login is not None
