"""A process is killed in the middle of a program, and the program goes on as if nothing had been."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from support.installation import Installation, up
from support.running import ended
from support.site import Reply, Request, Site

COUNTING = {
    "javascript": """
        async function main({url, n}) {
          const found = [];
          for (let i = 0; i < n; i++) found.push((await step("fetch", {url: url + "?i=" + i})).body.i);
          return found;
        }
    """,
    "python": """
async def main(input):
    found = []
    for i in range(input["n"]):
        found.append((await step("fetch", {"url": input["url"] + "?i=" + str(i)}))["body"]["i"])
    return found
""",
}
#: Steps of each program.
_STEPS = 45


@pytest.fixture(scope="module")
async def installation(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Installation]:
    """An installation whose processes may be killed."""
    folder = tmp_path_factory.mktemp("gnatwork")
    async with up(folder, "--egress-allow", "127.0.0.1", "--blocks", "fetch,logic,code") as running:
        yield running


@pytest.mark.timeout(120)
@pytest.mark.parametrize(("service", "language"), [("executor-code", "javascript"), ("scheduler", "python")])
async def test_a_killed_process_takes_no_step_with_it(
    installation: Installation, web: Site, service: str, language: Any
) -> None:
    amid = asyncio.Event()

    def count(request: Request) -> Reply:
        number = int(request.target.partition("=")[2])
        if number == _STEPS // 3:
            amid.set()
        return Reply(headers=(("Content-Type", "application/json"),), body=json.dumps({"i": number}).encode())

    url = web.on("/count", count)
    async with installation.client() as client:
        run = await client.execute(COUNTING[language], args={"url": url, "n": _STEPS}, language=language)
        async with asyncio.timeout(60):
            await amid.wait()
        installation.kill(service)
        done = await ended(run)
    assert (done.status, done.output) == ("completed", list(range(_STEPS)))
    assert len(web.asked("/count")) == _STEPS
