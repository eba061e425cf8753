"""Executors in other languages: they keep to the protocol, run real workflows, and can be played by hand."""

import asyncio
import json
import os
import shlex
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from support.documents import ROOT, fences
from support.installation import Installation, clean_environment
from support.nodejs import NODE, npm_ci
from support.running import block, noop, run_of

from gnatwork import Client, RequestError
from gnatwork_bus.connection import Connection
from gnatwork_bus.kv import Bucket
from gnatwork_schemas import subjects

_EXAMPLES = ROOT / "examples" / "executors"
_PATIENCE = 100.0


@pytest.fixture(scope="session")
async def javascript(tmp_path_factory: pytest.TempPathFactory) -> str:
    """What starts the executor in JavaScript."""
    folder = await npm_ci(_EXAMPLES / "javascript", tmp_path_factory.mktemp("npm") / "javascript")
    return shlex.join([str(NODE), str(folder / "echo.js")])


@pytest.fixture(autouse=True)
async def nothing_stays(installation: Installation) -> AsyncIterator[None]:
    """What executors leave behind would look like block types without one, to others who use the installation."""
    yield
    async with Connection.open(installation.addresses["nats"], name="test") as nats:
        state = Bucket(nats, subjects.STATE_BUCKET)
        for type_ in ("echo-js", "echo-sh", "greet"):
            await state.delete(subjects.catalogue_key(type_))


@pytest.fixture(scope="session")
def shell() -> str:
    """What starts the executor in bash."""
    return shlex.join(["bash", str(_EXAMPLES / "shell" / "echo.sh")])


async def findings(type_: str, command: str) -> list[dict[str, Any]]:
    """What the suite finds."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "gnatwork_cli", "conformance", "executor"),
        *("--type", type_, "--command", command, "-o", "json"),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=clean_environment(PYTHONPATH=str(ROOT / "tests"), GNATWORK_DRAIN="0"),
    )
    out, err = await process.communicate()
    assert process.returncode in {0, 1}, err.decode()
    found: list[dict[str, Any]] = json.loads(out)
    assert len(found) > 25
    return found


async def test_our_executor_and_the_examples_keep_every_promise(javascript: str, shell: str) -> None:
    python = shlex.join([sys.executable, "-m", "support.conforming"])
    async with asyncio.timeout(_PATIENCE):
        found = await asyncio.gather(
            findings("conforming", python), findings("echo-js", javascript), findings("echo-sh", shell)
        )
    assert [[one for one in each if one["verdict"] == "failed"] for each in found] == [[], [], []]
    skipped = [[one["name"] for one in each if one["verdict"] == "skipped"] for each in found]
    assert skipped == [["plain"], ["deferred"], ["deferred", "live-events"]]


async def test_a_workflow_goes_through_executors_in_three_languages(
    installation: Installation, client: Client, javascript: str, shell: str, tmp_path: Path
) -> None:
    async with started(installation, javascript, tmp_path / "js"), started(installation, shell, tmp_path / "sh"):
        await hosted(client, "echo-js", "echo-sh")
        run = await run_of(
            client,
            block("first", "echo-js", {"do": "echo", "value": "{{ input.word }}"}),
            block("second", "echo-sh", {"do": "echo", "value": ["{{ first }}", "ünïcödé 🦟"]}),
            block("flaky", "echo-sh", {"do": "fail", "code": "echo.no", "message": "no"}, on_error="continue"),
            noop("third", config={"second": "{{ second }}", "code": "{{ flaky.error.code }}"}),
            value={"word": "gnat"},
        )
    assert run.output == {"third": {"second": ["gnat", "ünïcödé 🦟"], "code": "echo.no"}}


async def test_plain_executors_get_complete_configs(
    installation: Installation, client: Client, shell: str, tmp_path: Path
) -> None:
    echo = {"do": "echo", "value": "{{ big.inner.n }}"}
    async with started(installation, shell, tmp_path / "sh"):
        await hosted(client, "echo-sh")
        run = await run_of(
            client,
            noop("big", config={"text": "{{ input }}", "inner": {"n": 17}}),
            block("part", "echo-sh", echo),
            block("each", "echo-sh", {"do": "echo", "value": "{{ item }}"}, for_each={"items": ["a", {"b": 1}, None]}),
            block("whole", "echo-sh", {"do": "echo", "value": "{{ big }}"}, on_error="continue"),
            noop("end", config=["{{ part }}", "{{ each }}", "{{ whole.error.code }}"]),
            value="x" * 70_000,
        )
    assert run.output == {"end": [17, ["a", {"b": 1}, None], "payload.too_large"]}
    with pytest.raises(RequestError) as refused:
        await client.start({"blocks": [block("a", "echo-sh", {"do": "echo", "value": "{{ connections.ops.key }}"})]})
    assert [error.code for error in refused.value.problem.errors] == ["connection.misplaced"]


async def test_an_executor_can_be_played_by_hand(installation: Installation, client: Client) -> None:
    """The commands of the page, each sent as the `nats` command would."""
    page = ROOT / "docs" / "reference" / "protocol.md"
    section = page.read_text().partition("## By hand\n")[2].partition("\n## ")[0]
    commands = [
        shlex.split(_unquoted(line))
        for fence in fences(page)
        if fence.text in section
        for line in fence.text.splitlines()
        if line.startswith("nats ")
    ]
    async with asyncio.timeout(_PATIENCE), Connection.open(installation.addresses["nats"], name="by-hand") as nats:
        player = Player(nats)
        for command in commands:
            if command[:2] == ["nats", "req"] and "submit" in command[2]:
                await hosted(client, "greet")
            await player.play([player.filled(word) for word in command[1:]])
        assert [command[1] for command in commands] == ["kv", "consumer", "req", "consumer", "pub", "req", "pub", "req"]
        assert player.reply["message"]["subject"].endswith(f"{player.names['RUN']}.complete")


class Player:
    """Sends what the `nats` command sends, and remembers what a reader would copy from its replies."""

    def __init__(self, nats: Connection) -> None:
        self.nats = nats
        self.names: dict[str, str] = {}
        self.reply: Any = None

    def filled(self, word: str) -> str:
        """A word with the shell's variables in it."""
        for name, value in self.names.items():
            word = word.replace(f"\0{name}", value)
        assert "\0" not in word, f"{word} is used before it is known"
        return word

    async def play(self, command: list[str]) -> None:
        match command:
            case ["kv", "put", bucket, key, value]:
                await self.nats.publisher.publish(f"$KV.{bucket}.{key}", value.encode())
            case ["consumer", "add", stream, name, *options]:
                await self.nats.api(f"CONSUMER.CREATE.{stream}.{name}", _consumer(stream, name, options))
            case ["consumer", "next", stream, name, "--no-ack"]:
                await self._take(stream, name)
            case ["pub", subject, body]:
                self.nats.send(subject, body.encode())
                await self.nats.flush()
            case ["req", subject, body]:
                await self._request(subject, body)
            case _:
                raise AssertionError(f"nats {shlex.join(command)} is not played")

    async def _take(self, stream: str, name: str) -> None:
        inbox = self.nats.nc.new_inbox()
        subscription = await self.nats.nc.subscribe(inbox)
        request = b'{"batch": 1, "expires": 20000000000}'
        self.nats.send(f"$JS.API.CONSUMER.MSG.NEXT.{stream}.{name}", request, inbox)
        message = await subscription.next_msg(timeout=25)
        tries, place, delivery = message.reply.split(".")[4:7]
        # What the page says that the subject consists of.
        self.names["ACK"] = f"$JS.ACK.{stream}.{name}.{tries}.{place}.{delivery}.0.0"
        self.names["OUTPUT"] = json.loads(message.data)["output_subject"]
        assert json.loads(message.data)["config"] == {"name": "Ada"}

    async def _request(self, subject: str, body: str) -> None:
        while True:
            self.reply = json.loads((await self.nats.request(subject, body.encode())).data)
            # A reader sees the run complete a moment later.
            if self.reply.get("error", {}).get("err_code") != 10037:
                break
        assert "error" not in self.reply, self.reply
        if "run_id" in self.reply:
            self.names["RUN"] = self.reply["run_id"]


def _unquoted(line: str) -> str:
    """A line with its variables marked, for what is in single quotes is no variable."""
    for name in ("ACK", "OUTPUT", "RUN"):
        line = line.replace(f"${name}", f"\0{name}")
    return line


def _consumer(stream: str, name: str, options: list[str]) -> dict[str, Any]:
    """What `nats consumer add` asks for."""
    assert "--pull" in options
    values = dict(pairwise(options))
    return {
        "stream_name": stream,
        "config": {
            "name": name,
            "durable_name": name,
            "ack_policy": values["--ack"],
            "deliver_policy": values["--deliver"],
            "filter_subject": values["--filter"],
            "ack_wait": int(values["--wait"].removesuffix("s")) * 10**9,
            "max_ack_pending": int(values["--max-pending"]),
            "max_deliver": -1,
        },
    }


async def hosted(client: Client, *types: str) -> None:
    """Wait until the manager knows these block types."""
    async with asyncio.timeout(_PATIENCE):
        while not set(types) <= {entry.type for entry in await client.blocks()}:
            pass


@asynccontextmanager
async def started(installation: Installation, command: str, log: Path) -> AsyncIterator[None]:
    """An executor beside the installation."""
    with log.open("wb") as file:
        process = await asyncio.create_subprocess_exec(
            *shlex.split(command),
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=file,
            env=clean_environment(NATS_URL=installation.addresses["nats"], GNATWORK_DRAIN="0"),
            start_new_session=True,
        )
    try:
        yield
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            async with asyncio.timeout(20):
                await process.wait()
        finally:
            if process.returncode is None:
                os.killpg(process.pid, signal.SIGKILL)
