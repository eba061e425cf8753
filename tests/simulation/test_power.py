"""A simulation is worth what it finds: each of these mistakes, put into the product, is found within some seeds."""

from collections.abc import Callable
from typing import Any
from unittest.mock import patch

import pytest

from gnatwork_bus.delivery import Delivery
from gnatwork_engine.core.ready import Verdict
from gnatwork_executor.attempt import Attempt
from gnatwork_scheduler.shard import Shard
from simulation.scenario import Scenario
from simulation.simulate import simulate

#: Seeds that are tried before a mistake counts as overlooked.
_TRIES = 300


async def _claim_always(*_args: object) -> bool:
    return True


def _publish_once(attempt: Attempt, _answer: object) -> None:
    """Settle the item, whatever became of its outcome."""
    attempt._delivery.ack()
    attempt._end()


def _forget_nothing(_shard: Shard) -> None:
    """Go on with what is in memory, though events may have gone elsewhere."""


def _hand_nothing_back(delivery: Delivery, _delay: float | None = None) -> None:
    """Acknowledge what could not be handled."""
    delivery.ack()


def _run_on_first_need(_join: str, task: Any) -> Verdict:
    return Verdict.RUN if task.taken else Verdict.SKIP if task.refused else Verdict.WAIT


def _expect_nothing(_revision: int) -> dict[str, str]:
    """Write a document over whatever is there."""
    return {}


@pytest.mark.parametrize(
    ("target", "mistake"),
    [
        ("gnatwork_executor.attempt.claim", _claim_always),
        ("gnatwork_executor.attempt.Attempt._published", _publish_once),
        ("gnatwork_scheduler.shard.Shard._break", _forget_nothing),
        ("gnatwork_bus.delivery.Delivery.nak", _hand_nothing_back),
        ("gnatwork_engine.core.ready.verdict", _run_on_first_need),
        ("gnatwork_bus.kv._expect", _expect_nothing),
    ],
)
def test_a_mistake_is_found(target: str, mistake: Callable[..., object]) -> None:
    with patch(target, mistake):
        assert any(simulate(Scenario.of(seed)).violations for seed in range(_TRIES))
