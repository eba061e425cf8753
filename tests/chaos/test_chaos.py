"""A short session with each test run; `make chaos` has the long ones."""

from pathlib import Path

import pytest

from chaos.cluster import EXECUTORS, MANAGERS, SCHEDULERS
from chaos.faults import draw
from chaos.session import Options, Session

_ROLES = {
    "nats": "nats",
    **{f"manager-{number}": "manager" for number in range(MANAGERS)},
    **{f"scheduler-{number}": "scheduler" for number in range(SCHEDULERS)},
    **{f"{blocks}-{number}": "executor" for blocks, count in EXECUTORS.items() for number in range(count)},
}


@pytest.mark.timeout(300)
async def test_nothing_is_lost_done_twice_or_done_early(tmp_path: Path) -> None:
    folder = tmp_path / "session"
    folder.mkdir()
    report = await Session(Options(seed=7, runs=300, kills=6, gap=1.2, folder=folder), lambda _: None).run()
    assert not report.violations, report.table(folder)
    # Child runs have ends as well.
    assert report.figures["ended"] >= report.figures["accepted"] == 300
    assert sum(number for name, number in report.figures["faults"].items() if name.startswith("kill")) == 6


def test_a_seed_says_what_goes_wrong() -> None:
    first, second, other = (draw(seed, 200, 2.5, _ROLES) for seed in (1, 1, 2))
    assert first == second != other
    assert {fault.kind for fault in first} == {"kill", "freeze", "cut"}
    assert {_ROLES[fault.target] for fault in first} == set(_ROLES.values())


def test_no_process_has_two_faults_at_once() -> None:
    until: dict[str, float] = {}
    for fault in draw(3, 500, 0.5, _ROLES):
        assert fault.at >= until.get(fault.target, 0.0)
        until[fault.target] = fault.at + fault.seconds
