"""What `doctor` makes of what it finds; the rest of it asks a real server."""

from pathlib import Path

import pytest

from gnatwork_bus.discovery import FoundService
from gnatwork_cli.checks import check_executors, check_plug_ins, check_schedulers, check_store, examine
from gnatwork_schemas.executors import LivingExecutor

SCHEDULER = FoundService("gnatwork-scheduler", "1", "0.1.0", {}, ("history.>",))
EXECUTOR = FoundService("gnatwork-executor", "2", "0.1.0", {}, ("block.fetch.normal.>", "block.hook.normal.>"))
SHARD = {"name": "sched-0", "num_pending": 3}


def test_schedulers() -> None:
    assert check_schedulers([SCHEDULER, EXECUTOR], [SHARD]).ok
    finding = check_schedulers([EXECUTOR], [SHARD])
    assert not finding.ok
    assert "3 events wait" in finding.text


def test_an_executor_per_block_type() -> None:
    fetch, noop = check_executors(["fetch", "noop"], [EXECUTOR], [{"name": "exec-noop-normal", "num_pending": 7}])
    assert fetch.ok
    assert not noop.ok
    assert "7 work items wait" in noop.text
    assert "gnatwork executor --blocks noop" in noop.advice


def test_executors_in_other_languages_are_known_by_their_leases() -> None:
    living = LivingExecutor(executor="mine", started_at=1.0, blocks={"echo": "1"})
    echo, fetch = check_executors(["echo", "fetch"], [EXECUTOR], [], [living])
    assert echo.text.startswith("1 running")
    assert fetch.text.startswith("1 running")


def test_no_executor_at_all() -> None:
    (finding,) = check_executors([], [], [])
    assert not finding.ok


@pytest.mark.parametrize(("used", "limit", "ok"), [(10, -1, True), (10, 100, True), (90, 100, False), (5, 0, True)])
def test_the_store(used: int, limit: int, ok: bool) -> None:
    assert check_store({"storage": used * 1_000_000, "limits": {"max_storage": limit * 1_000_000}}).ok is ok


async def test_without_an_address_there_is_nothing_else_to_check(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("GNATWORK_API", "GNATWORK_NATS"):
        monkeypatch.delenv(name, raising=False)
    (finding,) = [found async for found in examine(api=None, token=None, nats=None, data_dir=tmp_path)]
    assert not finding.ok
    assert "gnatwork up" in finding.advice


def test_a_block_that_an_executor_can_not_host_is_a_problem() -> None:
    good = LivingExecutor(executor="good", started_at=0, blocks={"noop": "1"})
    bad = LivingExecutor(executor="bad", started_at=0, blocks={}, disabled={"greet": "greet (acme.greet): no lxml"})
    (finding,) = check_plug_ins([good, bad])
    assert not finding.ok
    assert (finding.name, finding.text) == ("block greet", "unavailable in bad: greet (acme.greet): no lxml")
