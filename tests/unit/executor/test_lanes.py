from collections import Counter

from gnatwork_executor.lanes import Lane, choose
from gnatwork_schemas.subjects import LANES


def lanes(*names: str) -> list[Lane]:
    return [Lane(name, 16) for name in names]


def test_places_go_to_the_lanes_by_weight_and_evenly_mixed() -> None:
    all_ = lanes(*LANES)
    turns = [choose(all_).name for _ in range(26)]
    assert Counter(turns) == {"high": 16, "normal": 8, "low": 2}
    assert turns[:13] == turns[13:]
    assert turns[0] == "high"
    assert "low" in turns[:13]


def test_a_lane_without_work_leaves_its_turns_to_the_others() -> None:
    some = lanes("normal", "low")
    assert Counter(choose(some).name for _ in range(10)) == {"normal": 8, "low": 2}
    alone = lanes("low")
    assert [choose(alone).name for _ in range(3)] == ["low"] * 3
    assert alone[0].credit == 0
