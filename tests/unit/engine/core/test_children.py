"""`workflow`: a child run is started, waited for, and told of what becomes of its parent."""

import pytest
from support.story import RUN_ID, Story, block, child_id, config_of, dispatched, each, end_of, workflow

from gnatwork_engine.core import run_summary
from gnatwork_engine.core.actions import CancelRun, Dispatch, ReportError, SetTimer, StopWork, TellParent
from gnatwork_schemas.definition import Retry
from gnatwork_schemas.run_ids import child_run_id

TWICE = Retry(max_attempts=2, initial=1, jitter=0)


def about_to_begin(task: str, attempt: int = 1) -> CancelRun:
    return cancelled()._replace(run_id=child_run_id(RUN_ID, task, attempt))


def cancelled(number: int = 1) -> CancelRun:
    return CancelRun(child_id(number), "child", "the run that waited for it no longer does")


def test_it_is_started_and_its_output_is_the_blocks() -> None:
    story = Story(workflow("w"), block("a", "w", config={"n": "{{ w.n }}"}))
    (dispatch,) = story.start(depth=2)
    assert isinstance(dispatch, Dispatch)
    assert (dispatch.task, dispatch.type) == ("w:start", "start-run")
    assert dispatch.config == {"name": "child", "input": {"of": RUN_ID}, "depth": 2}
    assert story.child_started("w") == ()
    assert run_summary(story.run).status == "waiting"
    (dispatch,) = story.child_ended("w")
    assert isinstance(dispatch, Dispatch)
    assert (dispatch.type, dispatch.config) == ("run-result", {"run_id": child_id(), "workflow": "child"})
    assert config_of(story.output("w:result", {"n": 7}), "a") == {"n": 7}


def test_it_may_have_ended_before_we_hear_that_it_began() -> None:
    story = Story(workflow("w", patience=5.0), block("a", "w"))
    story.start()
    assert story.child_ended("w", number=2) == ()
    assert story.child_ended("w") == ()
    story.reload()
    assert dispatched(story.child_started("w")) == ["w:result"]
    assert dispatched(story.output("w:result")) == ["a"]


def test_or_failed() -> None:
    story = Story(workflow("w"), block("a", "w.error", config={"why": "{{ error.code }}"}))
    story.start()
    story.child_ended("w", "failed")
    (report,) = story.child_started("w")
    assert isinstance(report, ReportError)
    assert story.again(2) == (report,)
    assert config_of(story.error("w", "boom"), "a") == {"why": "boom"}


def test_nobody_waits_if_that_is_said() -> None:
    story = Story(workflow("w", wait=False), block("a", "w", config={"run": "{{ w.run_id }}"}))
    story.start()
    assert config_of(story.child_started("w"), "a") == {"run": child_id()}
    assert story.child_ended("w") == ()


@pytest.mark.parametrize("end", ["failed", "cancelled", "timed_out"])
def test_its_failure_is_the_blocks(end: str) -> None:
    story = Story(workflow("w"))
    story.start()
    story.child_started("w")
    (report,) = story.child_ended("w", end, task="page", details={"url": "x"})
    assert isinstance(report, ReportError)
    assert (report.task, report.attempt, report.error.code, report.error.task) == ("w", 1, "boom", None)
    assert report.error.details == {"url": "x", "run_id": child_id(), "workflow": "child", "task": "page"}
    end_action = end_of(story.error("w", "boom"))
    assert end_action.body.model_dump()["error"]["task"] == "w"


def test_a_failed_one_is_followed_by_another_run() -> None:
    story = Story(workflow("w", retry=TWICE), block("a", "w"))
    story.start()
    story.child_started("w")
    story.child_ended("w", "failed", retryable=True)
    assert story.error("w", "boom", retryable=True) == (SetTimer("retry-w-2", story.now + 1),)
    assert story.statuses()["w"] == "retrying"
    _, dispatch = story.fired("retry-w-2")
    assert isinstance(dispatch, Dispatch)
    assert (dispatch.task, dispatch.attempt) == ("w:start", 2)
    assert story.child_ended("w", number=1) == ()
    story.child_started("w", 2, attempt=2)
    assert dispatched(story.child_ended("w", number=2)) == ["w:result"]
    assert dispatched(story.output("w:result")) == ["a"]
    assert story.run.root.tasks["w"].error is None


def test_one_that_takes_too_long_is_cancelled() -> None:
    story = Story(workflow("w", patience=5.0), block("a", "w.error", config={"why": "{{ error.code }}"}))
    story.start()
    assert story.child_started("w") == (SetTimer("workflow-w-1", story.now + 5),)
    # Once it is reported, nothing is owed to the child any more.
    cancel, report = story.fired("workflow-w-1")
    assert cancel == cancelled()
    assert isinstance(report, ReportError)
    assert (report.error.code, report.error.retryable) == ("block.timeout", True)
    assert story.child_ended("w", "cancelled") == ()
    assert config_of(story.error("w", "block.timeout"), "a") == {"why": "block.timeout"}


def test_its_time_is_up_once_only() -> None:
    story = Story(workflow("w", patience=5.0, retry=TWICE))
    story.start()
    story.child_started("w")
    story.fired("workflow-w-1")
    story.error("w", "block.timeout", retryable=True)
    story.fired("retry-w-2")
    story.child_started("w", 2, attempt=2)
    assert story.fired("workflow-w-1") == ()
    assert len(story.fired("workflow-w-2")) == 2


def test_one_that_ended_in_time_has_time_to_be_fetched() -> None:
    story = Story(workflow("w", patience=5.0))
    story.start()
    story.child_started("w")
    story.child_ended("w")
    assert story.fired("workflow-w-1") == ()
    assert end_of(story.output("w:result", 1)).event == "complete"


def test_a_run_that_can_not_be_started_fails_the_block() -> None:
    story = Story(workflow("w", retry=TWICE), block("a", "w.error", config={"why": "{{ error.code }}"}))
    story.start()
    assert config_of(story.error("w:start", "workflow.unknown"), "a") == {"why": "workflow.unknown"}


def test_nor_does_one_without_a_name() -> None:
    story = Story(workflow("w"))
    story.start()
    (report,) = story.output("w:start", {"run": 1})
    assert isinstance(report, ReportError)
    assert report.error.code == "message.invalid"
    assert end_of(story.error("w", "message.invalid")).event == "failed"


def test_an_output_that_can_not_be_fetched_fails_the_block() -> None:
    story = Story(workflow("w"))
    story.start()
    story.child_started("w")
    story.child_ended("w")
    assert end_of(story.error("w:result", "payload.missing")).event == "failed"


def test_ends_of_runs_that_nobody_waits_for_change_nothing() -> None:
    story = Story(workflow("w"), block("a"))
    story.start()
    story.child_started("w")
    assert story.child_ended("w", number=2) == ()
    assert story.child_ended("a") == ()
    assert story.child_ended("nothing") == ()
    story.child_ended("w")
    assert story.child_ended("w") == ()
    assert story.running() == ["a", "w:result"]


def test_what_a_failed_attempt_to_start_it_may_have_begun_is_cancelled() -> None:
    """The executor may have vanished after it had begun the run; the next attempt begins another one."""
    story = Story(workflow("w"))
    story.start()
    timer, cancel = story.error("w:start", "executor.lost", retryable=True)
    assert isinstance(timer, SetTimer)
    assert cancel == about_to_begin("w:start")
    assert dispatched(story.fired("retry-w:start-2")) == ["w:start"]
    assert story.again(1) == (cancel,)
    second = child_run_id(RUN_ID, "w:start", 2)
    story.output("w:start", {"run_id": second, "workflow": "child"}, attempt=2)
    # The second attempt was made twice, and the other one failed.
    assert story.error("w:start", attempt=2) == ()


def test_a_cancel_goes_down() -> None:
    story = Story(each(workflow("w"), concurrency=3))
    story.start({"items": [1]})
    story.expanded("w", 3)
    story.child_started("w/0", 1)
    story.child_started("w/2", 3)
    stop, *children, end = story.cancel()
    assert stop == StopWork()
    # That of the second item may be there at any moment.
    assert children == [cancelled(1), cancelled(3), about_to_begin("w/1:start")]
    assert end_of((end,)).event == "cancelled"


@pytest.mark.parametrize("ended", [False, True])
def test_also_to_one_of_which_we_hear_late_that_it_began(ended: bool) -> None:
    story = Story(each(workflow("w")))
    story.start({"items": [1]})
    story.expanded("w", 1)
    story.cancel()
    if ended:
        story.end("cancelled")
    assert story.child_started("w/0") == (cancelled(),)


def test_but_not_to_one_that_nobody_waited_for() -> None:
    story = Story(workflow("w", wait=False))
    story.start()
    story.cancel()
    assert story.child_started("w") == ()


def test_the_time_of_the_run_goes_down_as_well() -> None:
    story = Story(workflow("w"), timeout=5)
    story.start()
    story.child_started("w")
    stop, child, end = story.fired("timeout")
    assert (stop, child) == (StopWork(), cancelled())
    assert end_of((end,)).event == "timed_out"


def test_a_foreign_end_goes_down() -> None:
    story = Story(workflow("w"))
    story.start()
    story.child_started("w")
    assert cancelled() in story.end("failed")


def test_a_repeated_beginning_cancels_no_child_that_is_waited_for() -> None:
    story = Story(workflow("w", retry=TWICE))
    story.start()
    story.child_started("w")
    assert story.again(1) == ()
    story.child_ended("w", "failed", retryable=True)
    story.error("w", "boom", retryable=True)
    story.fired("retry-w-2")
    story.child_started("w", 2, attempt=2)
    assert story.again(-1) == ()
    # That one is over, which is found out before it is asked to stop.
    assert story.again(1) == (cancelled(1),)


@pytest.mark.parametrize("end", ["complete", "failed"])
def test_the_parent_is_told(end: str) -> None:
    story = Story(block("a"))
    story.start(parent=child_id(9), parent_history="history.1.default.p.r", parent_task="w/3")
    if end == "complete":
        story.output("a")
    else:
        story.error("a", "boom")
    told = next(action for action in story.end(end) if isinstance(action, TellParent))
    assert (told.history, told.task, told.end) == ("history.1.default.p.r", "w/3", end)
    assert (told.error.code if told.error else None) == (None if end == "complete" else "boom")
    assert told in story.again(-1)


def test_a_pause_holds_what_follows_but_not_the_child() -> None:
    story = Story(workflow("w"), block("a", "w"))
    story.start()
    story.child_started("w")
    assert story.pause() == ()
    assert story.child_ended("w") == ()
    assert dispatched(story.resume()) == ["w:result"]
