"""The conformance suite notices what an executor does wrong."""

import asyncio
from pathlib import Path

import pytest
from support.installation import gnatwork
from support.sloppy import TYPE, Sloppy

from gnatwork_bus.connection import Connection
from gnatwork_bus.service import announced
from gnatwork_cli.conformance.check import Finding, examine
from gnatwork_cli.conformance.suite import CHECKS, open_bench
from gnatwork_cli.conformance.verdict import Verdict
from gnatwork_schemas.errors import TopologyError

#: Checks that find out at once, without waiting for what does not come.
_QUICK = (
    "consumers", "leased", "output", "executor-named", "error", "bad-config", "idempotency-key", "trace", "timeout",
    "again", "late", "over", "claims", "claimed", "unknown-version", "large-output", "outcome-before-ack",
)  # fmt: skip


async def findings(nats_url: str, folder: Path) -> dict[str, Finding]:
    """What the suite finds of the sloppy executor."""
    stop = asyncio.Event()
    async with Connection.open(nats_url, name="sloppy") as connection, asyncio.TaskGroup() as tasks:
        tasks.create_task(Sloppy(connection).host(stop))
        async with open_bench(TYPE, nats_url, None, folder) as bench:
            checks = {check.name: check for check in CHECKS}
            found = {name: await examine(checks[name], bench) for name in _QUICK}
            found |= {
                check.name: await examine(check, bench) for check in CHECKS if check.name in {"announced", "killed"}
            }
        stop.set()
    return found


async def test_each_fault_is_found_and_named(bus: Connection, nats_url: str, tmp_path: Path) -> None:
    found = await findings(nats_url, tmp_path)
    assert {name for name, finding in found.items() if finding.verdict is Verdict.PASSED} == {"announced"}
    assert {name for name, finding in found.items() if finding.verdict is Verdict.SKIPPED} == {"killed"}
    assert "though its outcome was not stored" in found["outcome-before-ack"].reason
    assert found["again"].reason == "it was run a second time"
    assert found["claims"].reason.startswith("it was run without a claim")
    assert "`executor`" in found["executor-named"].reason


async def test_the_history_is_as_it_was(bus: Connection, nats_url: str, tmp_path: Path) -> None:
    before = (await bus.api("STREAM.INFO.HISTORY"))["config"]
    await findings(nats_url, tmp_path)
    assert (await bus.api("STREAM.INFO.HISTORY"))["config"] == before


async def test_it_stays_away_from_a_server_with_a_scheduler(bus: Connection, nats_url: str, tmp_path: Path) -> None:
    async with announced(bus, "gnatwork-scheduler", description="", metadata={}, report=list):
        with pytest.raises(TopologyError, match="without one"):
            async with open_bench(TYPE, nats_url, None, tmp_path):
                pass


async def test_it_has_to_be_told_where_the_executor_is() -> None:
    ended = await gnatwork("conformance", "executor", "--type", TYPE)
    assert ended.code == 1
    assert "--command" in ended.err


async def test_a_command_that_ends_at_once_is_told_of() -> None:
    ended = await gnatwork("conformance", "executor", "--type", TYPE, "--command", "sh -c 'echo no such thing; exit 3'")
    assert ended.code == 1
    assert "the executor ended before it pulled any work: no such thing" in ended.err


async def test_so_is_one_that_says_nothing() -> None:
    ended = await gnatwork("conformance", "executor", "--type", TYPE, "--command", "true")
    assert "it printed nothing" in ended.err


@pytest.mark.parametrize(
    ("type_", "command", "told"),
    [
        (TYPE, "/nowhere/executor", "Error: /nowhere/executor can't be started"),
        (TYPE, "sh -c 'exit", "Error: the command can't be read"),
        ("No Way", "true", "Error: --type 'No Way' can't be a block type"),
    ],
)
async def test_so_is_one_that_can_t_be_started(type_: str, command: str, told: str) -> None:
    ended = await gnatwork("conformance", "executor", "--type", type_, "--command", command)
    assert ended.code == 1
    assert ended.err.startswith(told)
