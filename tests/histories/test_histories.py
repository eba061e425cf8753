"""Runs that began under an older version go on under this one: it decides as that one did."""

import pytest

from histories.constructs import CONSTRUCTS
from histories.history import FOLDER, History, replay, stored

RECORDED = sorted(path.stem for path in FOLDER.glob("*.json"))


@pytest.mark.parametrize("name", RECORDED)
def test_a_recorded_history_comes_to_the_same_end(name: str) -> None:
    recorded = History.model_validate_json((FOLDER / f"{name}.json").read_bytes())
    replayed = replay(recorded.control_block, stored(recorded))
    for then, now in zip(recorded.events, replayed.events, strict=True):
        assert now.actions == then.actions, then.subject
    assert replayed.summary == recorded.summary
    assert replayed.tasks == recorded.tasks


def test_every_construct_is_recorded() -> None:
    assert set(RECORDED) >= set(CONSTRUCTS)
