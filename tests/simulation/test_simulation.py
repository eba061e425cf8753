"""A few seeds with each test run; `make simulate` has the many."""

import pytest

from simulation.report import examine
from simulation.scenario import Scenario
from simulation.simulate import simulate


@pytest.mark.parametrize("first", range(0, 200, 20))
def test_seeds_hold(first: int) -> None:
    for seed in range(first, first + 20):
        assert examine(seed) is None


@pytest.mark.parametrize("seed", [41209, 41515])
def test_no_status_goes_back_when_a_frozen_scheduler_wakes(seed: int) -> None:
    assert examine(seed) is None


def test_a_seed_replays_exactly() -> None:
    first, second = (simulate(Scenario.of(3)) for _ in range(2))
    assert first == second
    assert first.story
