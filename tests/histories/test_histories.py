"""Runs that began under an older version go on under this one: it decides as that one did."""

from typing import Any

import pytest

from histories.constructs import CONSTRUCTS
from histories.history import FOLDER, History, covers, replay, stored

RECORDED = sorted(path.stem for path in FOLDER.glob("*.json"))


@pytest.mark.parametrize("name", RECORDED)
def test_a_recorded_history_comes_to_the_same_end(name: str) -> None:
    recorded = History.model_validate_json((FOLDER / f"{name}.json").read_bytes())
    replayed = replay(recorded.control_block, stored(recorded))
    for then, now in zip(recorded.events, replayed.events, strict=True):
        kinds = {action[0] for action in then.actions}
        assert covers([action for action in now.actions if action[0] in kinds], _lasting(then.actions)), then.subject
    assert covers(replayed.summary, recorded.summary)
    assert covers(replayed.tasks, recorded.tasks)


def _lasting(actions: list[Any]) -> list[Any]:
    """Without timers dropped one by one, as the first version did; they go together now."""
    return [action for action in actions if action[0] != "DropTimer"]


def test_every_construct_is_recorded() -> None:
    assert set(RECORDED) >= set(CONSTRUCTS)
