"""Every example does what its README says, word for word."""

import json
import re
import shlex
import uuid

import httpx
import pytest
from support.installation import Installation

from gnatwork_cli.example_files import examples

#: A command that runs an example and, below it, what it prints as output.
_SHOWN = re.compile(r"```sh\n(gnatwork run start examples/.+?)\n```\n```json\n(.+?)\n```", re.DOTALL)
_SITE = "http://127.0.0.1:7480"


def shown() -> dict[str, tuple[list[str], str]]:
    """The commands of the README with their outputs, by example."""
    text = (examples() / "README.md").read_text()
    commands = ((shlex.split(command.replace("\\\n", " ")), output) for command, output in _SHOWN.findall(text))
    return {command[3].removeprefix("examples/"): (command, output) for command, output in commands}


def test_every_example_is_shown() -> None:
    assert shown().keys() == {file.name for file in examples().glob("*.json")}


@pytest.mark.parametrize("name", sorted(shown()))
async def test_an_example_does_what_its_readme_says(installation: Installation, site: str, name: str) -> None:
    (_, *command), output = shown()[name]
    command[2] = str(examples() / name)
    words = [word.replace(_SITE, site).replace("first-try", uuid.uuid4().hex) for word in command]
    ended = await installation.gnatwork(*words, "-o", "json")
    assert ended.code == 0, ended.err
    assert ended.document["output"] == json.loads(output)


async def test_the_caller_of_headlines_gets_the_response_over_http(installation: Installation, site: str) -> None:
    definition = json.loads((examples() / "headlines.json").read_text())
    body = {"workflow": {"definition": definition}, "input": {"url": f"{site}/news", "notify": f"{site}/hook"}}
    async with httpx.AsyncClient(headers=installation.headers, trust_env=False, timeout=40) as client:
        answer = await client.post(f"{installation.api}/runs", params={"wait": "30s"}, json=body)
        received = (await client.get(f"{site}/hook")).json()
    assert answer.status_code == 200
    assert answer.json() == json.loads(shown()["headlines.json"][1])
    assert received[-1]["headlines"][0] == "Gnats agree on a message format"


async def test_the_receipt_of_steps_has_its_own_status_and_header(installation: Installation, site: str) -> None:
    definition = json.loads((examples() / "steps.json").read_text())
    body = {"workflow": {"definition": definition}, "input": {"site": site, "items": ["tea"], "customer": "Ann"}}
    async with httpx.AsyncClient(headers=installation.headers, trust_env=False, timeout=40) as client:
        answer = await client.post(f"{installation.api}/runs", params={"wait": "30s"}, json=body)
    assert answer.status_code == 201
    assert answer.headers["X-Order"] == answer.headers["X-Gnatwork-Run"]
    assert answer.json() == {"text": "Thank you, Ann: your tea is ready.", "items": ["tea"]}
