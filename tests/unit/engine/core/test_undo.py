"""Compensation: what a run that fails has done is undone, the last first."""

import pytest
from support.story import Story, block, child_id, config_of, dispatched, each, end_of, group, loop, undo, workflow

from gnatwork_engine.core import run_summary
from gnatwork_engine.core.actions import (
    Acquire,
    CancelRun,
    Dispatch,
    PurgeTask,
    Release,
    ReportError,
    SetTimer,
    StopEpoch,
    StopWork,
)
from gnatwork_engine.core.view import task_paths, task_view
from gnatwork_schemas.definition import Retry

LARGE = {"$payload": {"id": "p1", "size": 100_000, "type": "application/json", "digest": "sha256:00"}}
TWICE = Retry(max_attempts=2, initial=1, jitter=0)


def undoable(name: str, *needs: str, **config: str) -> object:
    return block(name, *needs, compensate=undo(name, config=config))


def failing(*blocks: object, **fields: object) -> Story:
    """A run in which these blocks and then `z` follow each other."""
    story = Story(*blocks, **fields)  # type: ignore[arg-type]  # blocks, as the type of Story says
    story.start({"items": [1, 2, 3]})
    return story


def undone_of(story: Story) -> dict[str, object]:
    closing = story.run.closing
    assert closing
    found: dict[str, object] = closing.body.model_dump(exclude_none=True)["undone"]
    return found


def test_the_last_that_completed_is_undone_first_and_one_at_a_time() -> None:
    story = failing(undoable("a"), undoable("b", "a"), undoable("c"), block("z", "b", "c"))
    for name in ("a", "c", "b"):
        story.output(name)
    assert dispatched(story.error("z", "boom")) == ["b:undo"]
    assert run_summary(story.run).status == "running"
    assert dispatched(story.output("b:undo")) == ["c:undo"]
    assert dispatched(story.output("c:undo")) == ["a:undo"]
    end = end_of(story.output("a:undo"))
    assert (end.event, end.body.model_dump()["error"]["code"]) == ("failed", "boom")
    assert undone_of(story)["compensated"] == 3


def test_what_did_not_complete_is_not_undone() -> None:
    story = failing(
        undoable("a"),
        block("b", compensate=undo("b"), on_error="continue"),
        block("c", compensate=undo("c")),
        block("z", "a", "b"),
    )
    story.output("a")
    story.error("b")
    story.error("c")
    assert dispatched(story.error("z")) == ["a:undo"]
    assert end_of(story.output("a:undo")).event == "failed"


def test_one_that_completed_while_the_run_was_failing_already_is_undone_too() -> None:
    story = failing(undoable("a"), block("z"))
    assert story.error("z") == ()
    assert dispatched(story.output("a")) == ["a:undo"]


def test_one_that_succeeded_in_the_end_is_undone() -> None:
    story = failing(block("a", compensate=undo("a"), retry=TWICE), block("z", "a"))
    story.error("a", retryable=True)
    story.fired("retry-a-2")
    story.output("a", attempt=2)
    assert dispatched(story.error("z")) == ["a:undo"]


def test_it_sees_what_the_block_saw_and_what_the_block_yielded() -> None:
    story = failing(block("q"), undoable("a", "q", id="{{ a.id }}", of="{{ q }}", large="{{ input }}"), block("z", "a"))
    story.output("q", 7)
    story.output("a", {"id": 1})
    (dispatch,) = story.error("z")
    assert isinstance(dispatch, Dispatch)
    assert dispatch.config == {"id": 1, "of": 7, "large": {"items": [1, 2, 3]}}


def test_a_value_that_is_null_is_seen_too() -> None:
    story = failing(undoable("a", it="{{ a }}"), block("z", "a"))
    story.output("a", None)
    assert config_of(story.error("z"), "a:undo") == {"it": None}


def test_what_is_large_stays_unread() -> None:
    story = failing(undoable("a", it="{{ a.x }}"), block("z", "a"))
    story.output("a", LARGE)
    story.reload()
    (dispatch,) = story.error("z")
    assert isinstance(dispatch, Dispatch)
    assert dispatch.deferred == ("/it",)


def test_inside_loops_each_iteration_is_undone() -> None:
    inner = block("x", compensate=undo("x", config={"i": "{{ index }}", "out": "{{ x }}"}))
    story = failing(loop("l", inner, block("y", "x"), concurrency=2), block("z", "l"))
    story.expanded("l", 2)
    for event in ("l/1/x", "l/0/x", "l/1/y"):
        story.output(event, event)
    story.reload()
    story.output("l/0/y")
    story.collected("l", [])
    story.reload()
    assert config_of(story.error("z"), "l/0/x:undo") == {"i": 0, "out": "l/0/x"}
    assert config_of(story.output("l/0/x:undo"), "l/1/x:undo") == {"i": 1, "out": "l/1/x"}
    assert end_of(story.output("l/1/x:undo")).event == "failed"
    assert run_summary(story.run).blocks["l/x:undo"] == {"completed": 2}
    assert task_view(story.view, "l/0/x:undo").block == "l/x:undo"


def test_items_of_for_each_are_undone() -> None:
    inner = block("x", compensate=undo("x", config={"i": "{{ index }}", "was": "{{ x }}", "of": "{{ item }}"}))
    story = failing(each(inner, concurrency=1))
    story.expanded("x", 3)
    story.output("x/0", "A")
    story.output("x/1", "B")
    (dispatch,) = story.error("x/2")
    assert isinstance(dispatch, Dispatch)
    assert dispatch.task == "x/1:undo"
    assert {**dispatch.config, "of": None} == {"i": 1, "was": "B", "of": None}
    assert dispatched(story.output("x/1:undo")) == ["x/0:undo"]


def test_a_child_run_is_undone() -> None:
    child = workflow("w", compensate=undo("w", config={"id": "{{ w.id }}"}))
    story = failing(child, block("z"))
    story.child_started("w")
    story.error("z")
    story.child_ended("w")
    assert config_of(story.output("w:result", {"id": 3}), "w:undo") == {"id": 3}


def test_so_is_one_whose_output_could_only_be_fetched_late() -> None:
    story = failing(workflow("w", compensate=undo("w")), block("z"))
    story.child_started("w")
    story.child_ended("w")
    story.error("w:result", "unavailable", retryable=True)
    assert story.error("z") == ()
    assert dispatched(story.fired("retry-w:result-2")) == ["w:result"]
    assert dispatched(story.output("w:result", attempt=2)) == ["w:undo"]


def test_one_that_fails_is_reported_and_the_others_go_on() -> None:
    story = failing(undoable("a"), undoable("b", "a"), block("z", "b"))
    story.output("a")
    story.output("b")
    story.error("z", "boom")
    assert dispatched(story.error("b:undo", "gone", details={"long": "x" * 100})) == ["a:undo"]
    end = end_of(story.output("a:undo"))
    assert end.body.model_dump()["error"]["code"] == "boom"
    undone = undone_of(story)
    assert (undone["compensated"], undone["failures"]) == (1, 1)
    assert undone["failed"] == ({"code": "gone", "message": "no", "retryable": False, "task": "b:undo"},)


def test_only_the_first_twenty_failures_are_told_of() -> None:
    story = failing(*(undoable(f"a{number}") for number in range(25)), block("z", *(f"a{n}" for n in range(25))))
    for number in range(25):
        story.output(f"a{number}")
    story.error("z")
    for number in reversed(range(25)):
        story.error(f"a{number}:undo")
    assert undone_of(story)["failures"] == 25
    assert len(undone_of(story)["failed"]) == 20  # type: ignore[arg-type]  # a tuple


def test_it_is_tried_again() -> None:
    story = failing(block("a", compensate=undo("a", retry=TWICE)), block("z", "a"))
    story.output("a")
    story.error("z")
    assert story.error("a:undo", retryable=True) == (SetTimer("retry-a:undo-2", story.now + 1),)
    story.reload()
    assert dispatched(story.fired("retry-a:undo-2")) == ["a:undo"]
    assert end_of(story.output("a:undo", attempt=2)).event == "failed"


def test_a_template_that_leads_nowhere_fails_it_alone() -> None:
    story = failing(undoable("a", it="{{ a.nothing }}"), block("z", "a"))
    story.output("a", {})
    (report,) = story.error("z")
    assert isinstance(report, ReportError)
    assert (report.task, report.error.code) == ("a:undo", "template.missing")
    assert end_of(story.error("a:undo", "template.missing")).event == "failed"


def test_a_run_whose_time_is_up_is_undone_once_what_ran_is_stopped() -> None:
    story = failing(undoable("a"), block("b", "a"), workflow("w"), timeout=5)
    story.output("a")
    story.child_started("w")
    actions = story.fired("timeout")
    cancel = CancelRun(child_id(), "child", "the run that waited for it no longer does")
    assert actions[:3] == (StopEpoch(1), PurgeTask("b", 1), cancel)
    dispatch = actions[3]
    assert isinstance(dispatch, Dispatch)
    assert (dispatch.task, dispatch.epoch) == ("a:undo", 1)
    assert story.output("b") == ()
    story.reload()
    assert story.again(-2) == actions
    end = end_of(story.output("a:undo"))
    assert end.event == "timed_out"
    assert undone_of(story)["compensated"] == 1


def test_what_undoes_a_stopped_run_finds_the_slots_of_what_was_stopped() -> None:
    scarce = {"type": "scarce", "type_concurrency": 1}
    story = failing(
        block("a", compensate=undo("a", **scarce)), block("b", "a", **scarce), block("c", "a", **scarce), timeout=5
    )
    story.output("a")
    story.granted("type", "b")
    actions = story.fired("timeout")
    given_back = [(one.task, one.attempt) for one in actions if isinstance(one, Release)]
    assert given_back == [("b", 1), ("c", 1)]
    assert [one.task for one in actions if isinstance(one, Acquire)] == ["a:undo"]
    (late,) = story.granted("type", "c")
    assert isinstance(late, Release)
    assert dispatched(story.granted("type", "a:undo")) == ["a:undo"]
    assert end_of(story.output("a:undo")).event == "timed_out"


def test_its_time_is_up_only_once() -> None:
    story = failing(undoable("a"), block("z", "a"), timeout=5)
    story.output("a")
    story.error("z")
    assert story.fired("timeout") == ()
    assert end_of(story.output("a:undo")).event == "failed"


@pytest.mark.parametrize("how", ["error", "timeout"])
def test_a_cancel_meanwhile_ends_it(how: str) -> None:
    story = failing(undoable("a"), undoable("b"), block("z", "a", "b"), timeout=5)
    story.output("a")
    story.output("b")
    if how == "error":
        story.error("z")
    else:
        story.fired("timeout")
    stop, end = story.cancel("enough")
    assert stop == StopWork()
    assert end_of((end,)).event == "cancelled"
    story.reload()
    assert story.output("b:undo") == ()


def test_a_group_that_is_caught_is_not_undone_but_the_run_may_be_later() -> None:
    story = failing(group("g", block("x", compensate=undo("x")), block("y", "x")), block("h", "g.error"))
    story.output("g/x")
    assert dispatched(story.error("g/y")) == ["h"]
    assert dispatched(story.error("h")) == ["g/x:undo"]


def test_compensations_are_tasks_like_others() -> None:
    story = failing(undoable("a", it="{{ a }}"), block("z", "a"))
    story.output("a", 1)
    story.error("z")
    story.output("a:undo", 2)
    assert task_paths(story.view) == ["a", "z", "a:undo"]
    view = task_view(story.view, "a:undo")
    assert (view.block, view.status, view.input) == ("a:undo", "completed", {"it": 1})


def test_repeated_events_undo_nothing_twice() -> None:
    story = failing(undoable("a"), undoable("b"), block("z", "a", "b"))
    story.output("a")
    story.output("b")
    first = story.error("z")
    assert story.again(-1) == first
    story.output("b:undo")
    assert story.again(3) == ()
    assert dispatched(story.again(-1)) == ["a:undo"]


@pytest.mark.parametrize("count", [300])
def test_many_are_undone(count: int) -> None:
    story = Story(each(block("x", compensate=undo("x")), concurrency=count), block("z", "x"), checked=False)
    story.start({"items": []})
    story.expanded("x", count)
    for index in range(count):
        story.output(f"x/{index}")
    story.collected("x", [])
    story.error("z")
    for index in reversed(range(count)):
        assert story.running() == [f"x/{index}:undo"]
        story.output(f"x/{index}:undo")
    assert undone_of(story)["compensated"] == count
