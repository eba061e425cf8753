"""The call that the page on triggers shows, as a reader would make it."""

import asyncio
import shutil
from pathlib import Path

import pytest
from support.documents import ROOT, fences
from support.hooking import start_of_run
from support.installation import clean_environment
from support.managing import TOKEN, open_bench

from gnatwork_bus.connection import Connection
from gnatwork_manager.connections.sealing import SecretKeys, generate_key


@pytest.mark.skipif(not (shutil.which("curl") and shutil.which("openssl")), reason="it takes curl and openssl")
async def test_the_signed_call_of_the_page_begins_a_run(
    bus: Connection, nats_url: str, tmp_path: Path, catalogue: None
) -> None:
    script = next(fence.text for fence in fences(ROOT / "docs/triggers.md") if "openssl dgst" in fence.text)
    keys = SecretKeys.parse(generate_key())
    async with open_bench(bus, nats_url, tmp_path / "index", secret_keys=keys) as bench:
        process = await asyncio.create_subprocess_exec(
            *("bash", "-euo", "pipefail", "-c", script),
            env=clean_environment(GNATWORK_API=bench.address.url, GNATWORK_TOKEN=TOKEN),
            stdout=asyncio.subprocess.PIPE,
        )
        printed, _ = await process.communicate()
        assert process.returncode == 0
        run_id = printed.decode().rpartition('"run_id":"')[2].partition('"')[0]
        start = await start_of_run(bench, run_id)
    assert (start.input, start.trigger.id) == ({"total": 60}, "shop")
