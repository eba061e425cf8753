"""Steps of scripts are tasks: they wait, start runs, have limits, are paused, stopped and counted."""

import pytest
from support.story import Story, block, child_id, config_of, dispatched, end_of, script, step

from gnatwork_engine.core import run_summary, steps
from gnatwork_engine.core.actions import Acquire, CancelRun, Dispatch, Release, SetTimer, StopWork
from gnatwork_engine.core.view import completed_tasks, task_paths, task_view
from gnatwork_schemas.status import RunStatus

STEP = step()
CHILD = step("workflow", config={"name": "child"})
SCARCE = step(type="scarce", type_concurrency=2)


def begun(*fields: object) -> Story:
    """A run whose script `s` has begun."""
    story = Story(script("s"), *fields)  # type: ignore[arg-type]  # blocks
    story.start()
    return story


def test_a_step_has_its_config_its_lane_and_its_time() -> None:
    actions = begun().sliced("s", step(config={"a": 1}, deferred=["/a"], timeout=5, lane="high", idempotent=False))
    (found,) = actions
    assert isinstance(found, Dispatch)
    assert (found.task, found.type, found.config, found.deferred) == ("s/0", "noop", {"a": 1}, ("/a",))
    assert (found.timeout, found.lane, found.idempotent) == (5, "high", False)


def test_delays() -> None:
    story = begun()
    actions = story.sliced("s", step("delay", config={"for": "1h"}), step("delay", config={"for": 0}))
    assert SetTimer("delay-s/0", story.now + 3600) in actions
    now = story.events[-1].sequence
    told = config_of(actions, "s:slice-1")["steps"]
    assert [one[2:] for one in told] == [(None, None), (now, 0)]
    assert run_summary(story.run).status is RunStatus.RUNNING
    story.sliced("s", number=1)
    assert run_summary(story.run).status is RunStatus.WAITING
    assert dispatched(story.fired("delay-s/0")) == ["s:slice-2"]


def test_a_signal_that_came_early_is_heard_of_in_the_order_in_which_it_was_taken() -> None:
    story = begun()
    story.signal("go", 1)
    early = story.events[-1].sequence
    story.sliced("s", STEP)
    story.output("s/0")
    actions = story.sliced("s", step("wait", config={"signal": "go"}), number=1)
    assert config_of(actions, "s:slice-2")["steps"][1][2:] == (early, 1)


def test_a_wait_in_vain_is_an_outcome() -> None:
    story = begun()
    story.sliced("s", step("wait", config={"signal": "go", "timeout": 5}))
    story.fired("wait-s/0")
    assert dispatched(story.error("s/0", "wait.timeout")) == ["s:slice-1"]


def test_a_config_that_is_too_large_is_looked_at_by_an_executor() -> None:
    deferred: dict[str, object] = {"$template": [], "values": {}}
    story = begun()
    actions = story.sliced("s", step("wait", config=deferred, deferred=[""]))
    assert dispatched(actions) == ["s/0:render"]
    story.output("s/0:render", {"signal": "go"})
    assert dispatched(story.signal("go")) == ["s:slice-1"]


def test_child_runs() -> None:
    story = begun()
    assert dispatched(story.sliced("s", CHILD)) == ["s/0:start"]
    story.child_started("s/0")
    assert dispatched(story.child_ended("s/0")) == ["s/0:result"]
    assert dispatched(story.output("s/0:result", 5)) == ["s:slice-1"]
    failing = begun()
    failing.sliced("s", CHILD)
    failing.child_started("s/0")
    failing.child_ended("s/0", "failed")
    assert dispatched(failing.error("s/0", "boom")) == ["s:slice-1"]


def test_a_child_run_that_nobody_waits_for_any_more_is_stopped_however_late_it_is_heard_of() -> None:
    story = begun()
    story.sliced("s", CHILD)
    story.error("s/0:start", "executor.lost")
    assert dispatched(story.sliced("s", number=1)) == []
    actions = story.child_started("s/0")
    assert [action.run_id for action in actions if isinstance(action, CancelRun)] == [child_id()]


def test_the_room_of_a_type_is_kept_and_given_back() -> None:
    story = begun()
    (asked,) = story.sliced("s", SCARCE)
    assert isinstance(asked, Acquire)
    assert (asked.task, asked.max) == ("s/0", 2)
    assert dispatched(story.granted("type", "s/0")) == ["s/0"]
    actions = story.output("s/0")
    (given,) = (action for action in actions if isinstance(action, Release))
    assert given.task == "s/0"
    story.reload()
    assert given in story.again(3), "the step is forgotten, what is owed for it is not"


def test_what_is_remembered_of_old_steps_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(steps, "_KEPT", 3)
    story = begun()
    story.sliced("s", *[SCARCE] * 5)
    for number in range(5):
        story.granted("type", f"s/{number}")
        story.output(f"s/{number}")
    assert list(story.run.answerable) == ["s/2", "s/3", "s/4"]


def test_a_pause_holds_slices_and_steps() -> None:
    story = begun()
    story.pause()
    assert dispatched(story.sliced("s", STEP, STEP)) == []
    assert dispatched(story.resume()) == ["s/0", "s/1"]
    story.pause()
    assert dispatched(story.output("s/0")) == []
    assert dispatched(story.output("s/1")) == []
    assert dispatched(story.resume()) == ["s:slice-1"]


def test_nothing_new_begins_once_the_run_fails_elsewhere() -> None:
    story = begun(block("b"))
    story.sliced("s", STEP, step("delay", config={"for": "1h"}))
    story.error("b")
    end = end_of(story.output("s/0"))
    assert end.event == "failed"
    assert story.status("s") == "cancelled"


def test_a_slice_that_runs_when_the_run_fails_may_still_be_the_last() -> None:
    story = begun(block("b"))
    story.error("b")
    assert dispatched(story.sliced("s", STEP)) == []
    assert story.status("s") == "cancelled"
    done = begun(block("b"))
    done.error("b")
    done.sliced("s", done=True)
    assert done.status("s") == "completed"


def test_cancel_stops_steps_and_child_runs() -> None:
    story = begun()
    story.sliced("s", STEP, CHILD)
    story.child_started("s/1")
    actions = story.cancel()
    assert StopWork() in actions
    assert [action.run_id for action in actions if isinstance(action, CancelRun)] == [child_id()]
    assert end_of(actions).event == "cancelled"


def test_a_retry_reuses_a_whole_script_and_none_of_its_steps() -> None:
    story = begun(block("b", "s"), script("t"))
    story.sliced("s", STEP)
    story.output("s/0")
    story.sliced("s", number=1, done=True, output=1)
    done = story.events[-1].sequence
    story.sliced("t", STEP)
    story.output("t/0")
    story.error("b")
    assert completed_tasks(story.view) == {"s": done}
    again = Story(script("s"), block("b", "s"))
    (reuse,) = again.retry("s")
    assert isinstance(reuse, Dispatch)
    assert (reuse.task, reuse.type) == ("s", "reuse")
    assert dispatched(again.output("s", 1)) == ["b"]


def test_steps_are_tasks_of_the_run_and_counted_by_their_types() -> None:
    story = begun()
    story.sliced("s", step(config={"a": 1}), step("delay", config={"for": "1h"}))
    story.output("s/0", "one")
    assert task_paths(story.view) == ["s", "s/0", "s/1"]
    task = task_view(story.view, "s/0")
    assert (task.block, task.type, task.input, task.output) == ("s/noop", "noop", {"a": 1}, "one")
    assert (waiting := task_view(story.view, "s/1").waiting_for)
    assert waiting.kind == "time"
    assert run_summary(story.run).blocks == {
        "s": {"running": 1},
        "s/noop": {"completed": 1},
        "s/delay": {"waiting": 1},
    }
