"""A simulation is worth what it finds: each of these mistakes, put into the product, is found within some seeds."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from unittest.mock import patch

import pytest

from gnatwork_bus.delivery import Delivery
from gnatwork_bus.timers import due_at
from gnatwork_engine.core import Plan, RunState, dispatch, loops, slices, snapshot, undo
from gnatwork_engine.core.actions import Action
from gnatwork_engine.core.ready import Verdict
from gnatwork_engine.core.state import Tail
from gnatwork_executor.attempt import Attempt
from gnatwork_scheduler.shard import Shard
from simulation.scenario import Housekeeping, Scenario
from simulation.simulate import simulate

#: Everything that is done with runs later on, as soon as can be.
_SOON = Housekeeping(idle=0.5, archive_after=0.5, retention=3.0, snapshot_every=1, long_limit=2)
#: Seeds that are tried before a mistake counts as overlooked.
_TRIES = 400

_reuse, _results, _settings, _go_on = dispatch._reuse, loops.results, loops.settings, undo._go_on
_slice_config = slices.slice_config


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


def _expect_nothing(*_args: object) -> dict[str, str]:
    """Write over whatever is there."""
    return {}


def _nothing(*_args: object) -> Iterator[Action]:
    """Owe nobody anything."""
    return iter(())


def _do_nothing(*_args: object) -> None:
    """Go on as before."""


def _yes(*_args: object) -> bool:
    return True


async def _surely(*_args: object) -> bool:
    return True


def _all_at_once(planned: Any) -> Any:
    return _settings(planned).model_copy(update={"concurrency": 10})


def _the_wrong_way_round(planned: Any, loop: Any) -> Any:
    results = _results(planned, loop)
    return results[::-1] if isinstance(results, list) else results


def _another_one(*args: Any) -> Any:
    action = _reuse(*args)
    return action._replace(config={**action.config, "sequence": action.config["sequence"] - 1})


def _first_things_first(fold: Any, tail: Tail) -> None:
    """Undo in the order in which it was done."""
    tail.undos.reverse()
    _go_on(fold, tail)
    tail.undos.reverse()


def _backwards(*args: Any) -> Any:
    """Tell programs of the last outcome first."""
    rendered = _slice_config(*args)
    steps = rendered.config["steps"]
    last = sum(order is not None for *_, order in steps) - 1
    turned = [(*step, order if order is None else last - order) for *step, order in steps]
    return rendered._replace(config={**rendered.config, "steps": turned})


def _find_no_steps(plan: Plan, _state: RunState, path: str) -> Any:
    return plan.find(path)


def _early(base: str, timer: str, at: float) -> Any:
    return due_at(base, timer, at - 1.0)


def _one_way(*_args: object) -> tuple[str, ...]:
    return ("out",)


def _thaw_without_undos(plan: Plan, frozen: dict[str, Any]) -> RunState:
    return snapshot.thaw(plan, {**frozen, "undos": []})


def _scenario(seed: int, kept: bool) -> Scenario:
    scenario = Scenario.of(seed)
    soon = _SOON.later() if scenario.workflows else _SOON
    return replace(scenario, housekeeping=soon) if kept else scenario


#: What is put wrong, by what, the seed to begin with, and whether runs are put away soon.
_MISTAKES: dict[str, tuple[object, int, bool]] = {
    # What the executor and the bus promise.
    "gnatwork_executor.attempt.claim": (_claim_always, 130, False),
    "gnatwork_executor.attempt.Attempt._published": (_publish_once, 80, False),
    "gnatwork_bus.delivery.Delivery.nak": (_hand_nothing_back, 10, False),
    "gnatwork_bus.kv._expect": (_expect_nothing, 0, False),
    # What a scheduler must do that others may have replaced.
    "gnatwork_scheduler.shard.Shard._break": (_forget_nothing, 0, False),
    "gnatwork_scheduler.messages.expectation": (_expect_nothing, 20, False),
    "gnatwork_scheduler.shard.Shard._is_settled": (_surely, 10, True),
    "gnatwork_bus.history.History.is_live": (_surely, 70, True),
    # Order.
    "gnatwork_engine.core.ready.verdict": (_run_on_first_need, 0, False),
    "gnatwork_engine.core.settling._ports": (_one_way, 0, False),
    "gnatwork_engine.core.loops.settings": (_all_at_once, 0, False),
    "gnatwork_engine.core.dispatch.results": (_the_wrong_way_round, 0, False),
    "gnatwork_engine.core.undo._go_on": (_first_things_first, 30, False),
    # Waiting.
    "gnatwork_scheduler.messages.due_at": (_early, 0, False),
    "gnatwork_engine.core.apply.pause.pause": (_do_nothing, 0, False),
    "gnatwork_engine.core.waits._KEPT": (0, 0, False),
    # Others: those who wait for a slot, child runs, and runs of which this one is a retry.
    "gnatwork_engine.limits.apply._has_room": (_yes, 0, False),
    "gnatwork_engine.core.decide._answers": (_nothing, 0, False),
    "gnatwork_engine.core.decide._released": (_nothing, 20, False),
    "gnatwork_engine.core.decide._cancelled": (_nothing, 30, False),
    "gnatwork_engine.core.dispatch._reuse": (_another_one, 30, False),
    # Programs, their steps, and what they leave behind.
    "gnatwork_engine.core.dispatch.slice_config": (_backwards, 0, False),
    "gnatwork_engine.core.decide.planned_at": (_find_no_steps, 0, False),
    "gnatwork_engine.core.scripts.give_up_inside": (_do_nothing, 85, False),
    # What is forgotten.
    "gnatwork_engine.core.snapshot._PLAIN": (tuple(set(snapshot._PLAIN) - {"slots"}), 40, True),
    "gnatwork_scheduler.snapshots.thaw": (_thaw_without_undos, 30, True),
}


@pytest.mark.parametrize("target", _MISTAKES)
def test_a_mistake_is_found(target: str) -> None:
    mistake, first, kept = _MISTAKES[target]
    with patch(target, mistake):
        assert any(simulate(_scenario(seed, kept)).violations for seed in range(first, first + _TRIES))
