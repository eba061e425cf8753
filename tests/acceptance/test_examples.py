"""Every example does what its README says, word for word."""

import json
import re
import shlex
import uuid
from typing import Any, NamedTuple

import httpx
import pytest
from support.installation import Installation
from support.running import PATIENCE, until_status

from gnatwork import Client, RunError
from gnatwork_cli.example_files import examples

#: A command that runs an example, perhaps a signal that it waits for, and what it prints as output.
_SHOWN = re.compile(
    r"```sh\n(gnatwork run start examples/[^`]+?)\n```\n"
    r"(?:[^`]*`\$RUN`[^`]*```sh\ngnatwork run signal \$RUN ([^\n]+)\ngnatwork run watch \$RUN\n```\n)?"
    r"```json\n(.+?)\n```",
    re.DOTALL,
)
_SITE = "http://127.0.0.1:7480"


class Shown(NamedTuple):
    """What the README shows of an example."""

    #: What stands behind `gnatwork`.
    command: list[str]
    #: Likewise behind `gnatwork run signal $RUN`; nothing if it waits for none.
    signal: list[str]
    output: Any


def shown() -> dict[str, Shown]:
    """The commands of the README with their outputs, by example."""
    text = (examples() / "README.md").read_text()
    found = {}
    for command, signal, output in _SHOWN.findall(text):
        _, *words = shlex.split(command.replace("\\\n", " "))
        found[words[2].removeprefix("examples/")] = Shown(words, shlex.split(signal), json.loads(output))
    return found


def test_every_example_is_shown() -> None:
    kinds = ("*.json", "*.js", "*.py", "dialects/*.json")
    files = (file for kind in kinds for file in examples().glob(kind))
    assert shown().keys() == {file.relative_to(examples()).as_posix() for file in files}


@pytest.mark.parametrize("name", sorted(shown()))
async def test_an_example_does_what_its_readme_says(
    installation: Installation, client: Client, site: str, name: str
) -> None:
    command, signal, output = shown()[name]
    command[2] = str(examples() / name)
    words = [word.replace(_SITE, site).replace("first-try", uuid.uuid4().hex) for word in command]
    ended = await installation.gnatwork(*words, "-o", "json")
    assert ended.code == 0, ended.err
    assert ("--wait" in words) == (not signal)
    if not signal:
        assert ended.document["output"] == json.loads(json.dumps(output).replace(_SITE, site))
        return
    run = client.run(ended.document["run_id"])
    await until_status(run, "waiting")
    assert (await installation.gnatwork("run", "signal", run.run_id, *signal)).code == 0
    assert await run.result(PATIENCE) == output


async def test_an_order_that_fails_is_undone(client: Client, site: str) -> None:
    definition = json.loads((examples() / "order.json").read_text())
    run = await client.start(definition, input={"site": site, "item": "soup", "city": "atlantis"})
    with pytest.raises(RunError, match="'address'"):
        await run.result(PATIENCE)
    async with httpx.AsyncClient(trust_env=False) as web:
        received = (await web.get(f"{site}/hook")).json()
    assert [next(iter(body)) for body in received if "soup" in body.values()] == [
        "reserve",
        "charge",
        "refund",
        "put back",
        "sorry",
    ]


@pytest.mark.parametrize(
    ("amount", "data", "output"),
    [
        (20, None, {"decision": "small", "by": None, "paid": 200}),
        (200, {"approved": False, "by": "Bob"}, {"decision": "no", "by": "Bob", "paid": None}),
    ],
)
async def test_what_need_not_or_must_not_be_paid(
    client: Client, site: str, amount: int, data: Any, output: dict[str, Any]
) -> None:
    definition = json.loads((examples() / "approval.json").read_text())
    run = await client.start(definition, input={"site": site, "amount": amount})
    if data:
        await run.signal("approval", data)
    assert await run.result(PATIENCE) == output


async def test_the_caller_of_headlines_gets_the_response_over_http(installation: Installation, site: str) -> None:
    definition = json.loads((examples() / "headlines.json").read_text())
    body = {"workflow": {"definition": definition}, "input": {"url": f"{site}/news", "notify": f"{site}/hook"}}
    async with httpx.AsyncClient(headers=installation.headers, trust_env=False, timeout=40) as client:
        answer = await client.post(f"{installation.api}/runs", params={"wait": "30s"}, json=body)
        received = (await client.get(f"{site}/hook")).json()
    assert answer.status_code == 200
    assert answer.json() == shown()["headlines.json"].output
    assert received[-1]["headlines"][0] == "Gnats agree on a message format"


async def test_the_receipt_of_steps_has_its_own_status_and_header(installation: Installation, site: str) -> None:
    definition = json.loads((examples() / "steps.json").read_text())
    body = {"workflow": {"definition": definition}, "input": {"site": site, "items": ["tea"], "customer": "Ann"}}
    async with httpx.AsyncClient(headers=installation.headers, trust_env=False, timeout=40) as client:
        answer = await client.post(f"{installation.api}/runs", params={"wait": "30s"}, json=body)
    assert answer.status_code == 201
    assert answer.headers["X-Order"] == answer.headers["X-Gnatwork-Run"]
    assert answer.json() == {"text": "Thank you, Ann: your tea is ready.", "items": ["tea"]}
