"""`gnatwork auth`, `people`, `key` and `audit`, as people use them."""

import asyncio
import json
import re
from pathlib import Path

import pytest
from support.managing import TOKEN
from support.peopling import PASSWORD, Clock, Visitor
from typer.testing import CliRunner, Result

from gnatwork_cli.main import app


class Terminal:
    """Runs commands against one manager, in a data directory of its own."""

    def __init__(self, api: str, data_dir: Path) -> None:
        self.data_dir = data_dir
        self._environment = {"GNATWORK_API": api, "GNATWORK_DATA_DIR": str(data_dir)}

    async def run(self, command: str, *, typed: str = "", code: int = 0, **environment: str) -> Result:
        variables = {**self._environment, **environment}
        result = await asyncio.to_thread(CliRunner().invoke, app, command.split(), input=typed, env=variables)
        assert result.exit_code == code, result.output
        return result


@pytest.fixture
def api(one: Visitor) -> str:
    return str(one.http.base_url).removesuffix("/api/v1/")


@pytest.fixture
def ada(api: str, tmp_path: Path) -> Terminal:
    return Terminal(api, tmp_path / "ada")


@pytest.fixture
def bob(api: str, tmp_path: Path) -> Terminal:
    return Terminal(api, tmp_path / "bob")


async def test_from_the_first_account_to_a_key_of_someone_invited(ada: Terminal, bob: Terminal) -> None:
    said = await ada.run("auth register ada@example.org --name Ada", typed=f"{PASSWORD}\n")
    assert "with the roles *=admin" in said.stdout
    assert (ada.data_dir / "credentials.json").stat().st_mode & 0o777 == 0o600
    token = (await ada.run("people invite team=editor --email bob@example.org")).stdout.strip()
    assert "bob@example.org" in (await ada.run("people invitations")).stdout
    await bob.run(f"auth register bob@example.org --invitation {token}", typed=f"{PASSWORD}\n")
    assert re.search(r"who +bob@example.org\n.*\n.*\nroles +team=editor", (await bob.run("auth whoami")).stdout)
    key = json.loads((await bob.run("key create ci --role team=viewer --expires-in 90d -o json")).stdout)["key"]
    me = json.loads((await bob.run("auth whoami -o json", GNATWORK_TOKEN=key)).stdout)
    assert (me["kind"], me["roles"]) == ("key", {"team": "viewer"})
    (listed,) = json.loads((await bob.run("key list -o json")).stdout)
    await bob.run(f"key delete {listed['id']}")
    refused = await bob.run("auth whoami", code=1, GNATWORK_TOKEN=key)
    assert "The token is nobody's, or no longer" in refused.stderr
    forbidden = await bob.run("people list -n team", code=1)
    assert "this needs the role `admin` in all namespaces" in forbidden.stderr


async def test_what_an_admin_does_for_others(ada: Terminal, bob: Terminal) -> None:
    await ada.run("auth register ada@example.org", typed=f"{PASSWORD}\n")
    token = json.loads((await ada.run("people invite viewer -o json")).stdout)["token"]
    await bob.run(f"auth register bob@example.org --invitation {token}", typed=f"{PASSWORD}\n")
    assert "*=viewer, team=admin" in (await ada.run("people roles BOB@example.org viewer team=admin")).stdout
    await ada.run("people disable bob@example.org")
    assert "The token is nobody's" in (await bob.run("auth whoami", code=1)).stderr
    await ada.run("people enable bob@example.org")
    password = (await ada.run("people reset bob@example.org")).stdout.strip()
    await bob.run("auth login bob@example.org", typed=f"{password}\n")
    await bob.run("auth password", typed=f"{password}\n{PASSWORD}\n")
    assert "bob@example.org" in (await bob.run("auth whoami")).stdout
    await bob.run("auth logout")
    assert "you are not logged in" in (await bob.run("auth logout", code=1)).stderr
    assert "carries no token" in (await bob.run("auth whoami", code=1)).stderr
    assert "say --yes" in (await ada.run("people delete bob@example.org", code=1)).stderr
    await ada.run("people delete bob@example.org --yes")
    assert (
        "there is nobody called 'bob@example.org'" in (await ada.run("people disable bob@example.org", code=1)).stderr
    )
    rows = (await ada.run("audit list --who person:ada@example.org --what people")).stdout.splitlines()
    assert [row.split()[3] for row in rows[1:]] == [
        "people.delete",
        "people.reset",
        "people.update",
        "people.update",
        "people.update",
    ]


async def test_a_login_is_renewed_when_it_is_about_to_end(ada: Terminal, clock: Clock) -> None:
    await ada.run("auth register ada@example.org", typed=f"{PASSWORD}\n")
    file = ada.data_dir / "credentials.json"
    kept = json.loads(file.read_text())
    (login,) = kept.values()
    before, login["expires_at"] = dict(login), 0
    file.write_text(json.dumps(kept))
    clock.now += 1000
    assert "ada@example.org" in (await ada.run("auth whoami")).stdout
    (after,) = json.loads(file.read_text()).values()
    assert after["refresh_token"] != before["refresh_token"]


async def test_a_lost_password_is_replaced_with_the_installations_token(ada: Terminal) -> None:
    await ada.run("auth register ada@example.org", typed=f"{PASSWORD}\n")
    password = (await ada.run("people reset ada@example.org", GNATWORK_TOKEN=TOKEN)).stdout.strip()
    assert (
        "The e-mail address or the password is wrong"
        in (await ada.run("auth login ada@example.org", typed=f"{PASSWORD}\n", code=1)).stderr
    )
    await ada.run("auth login ada@example.org", typed=f"{password}\n")
