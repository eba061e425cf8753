import re

from hypothesis import given
from hypothesis import strategies as st

from gnatwork_schemas.names import RUN_ID_PATTERN
from gnatwork_schemas.run_ids import child_run_id

PARENT = "01890a5d-ac96-774b-bcce-b302099a8057"


def test_the_id_of_a_child_is_the_same_each_time() -> None:
    assert child_run_id(PARENT, "child", 1) == child_run_id(PARENT, "child", 1)
    # What runs are called must not change with a new version of Gnatwork.
    assert child_run_id(PARENT, "child", 1) == "01890a5d-ac96-7fed-a343-f50eca5cb2bb"


def test_each_task_and_attempt_has_a_child_of_its_own() -> None:
    ids = {child_run_id(run, task, n) for run in (PARENT, PARENT[:-1] + "8") for task in ("a", "a/1") for n in (1, 2)}
    assert len(ids) == 8


@given(st.uuids(version=4), st.text(), st.integers(1, 99))
def test_it_is_a_run_id_of_the_same_time(parent: object, task: str, attempt: int) -> None:
    # The version is of no meaning here: only the time is taken.
    child = child_run_id(str(parent), task, attempt)
    assert re.fullmatch(RUN_ID_PATTERN, child)
    assert child[:13] == str(parent)[:13]
