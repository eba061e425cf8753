"""Pause: nothing new is dispatched and timers are held; resume: all of it happens."""

from support.story import Story, block, dispatched, each, end_of, loop, undo, wait

from gnatwork_engine.core import run_summary
from gnatwork_engine.core.actions import Acquire, Release, SetTimer, StopWork
from gnatwork_schemas.definition import Retry

TWICE = Retry(max_attempts=2, initial=1, jitter=0)


def test_what_runs_finishes_and_what_follows_is_held() -> None:
    story = Story(block("a"), block("b", "a"), block("c", "b"))
    story.start()
    assert story.pause() == ()
    assert run_summary(story.run).status == "paused"
    assert story.output("a") == ()
    assert story.statuses() == {"a": "completed", "b": "queued", "c": "pending"}
    assert story.again(0) == story.again(2) == ()
    assert dispatched(story.resume()) == ["b"]
    assert run_summary(story.run).status == "running"
    assert story.again(2) == ()
    assert dispatched(story.again(3)) == ["b"]


def test_what_is_held_begins_in_order() -> None:
    story = Story(block("a"), block("b"), block("x", "b"), block("y", "a"))
    story.start()
    story.pause()
    story.output("b")
    story.output("a")
    story.reload()
    assert dispatched(story.resume()) == ["x", "y"]


def test_a_retry_is_held_when_its_timer_fires() -> None:
    story = Story(block("a", retry=TWICE))
    story.start()
    story.pause()
    (timer,) = story.error("a", retryable=True)
    assert isinstance(timer, SetTimer)
    assert story.fired("retry-a-2") == ()
    assert dispatched(story.resume()) == ["a"]


def test_a_run_that_fails_while_it_is_paused_ends() -> None:
    story = Story(block("a"), block("b"), block("c", "b"))
    story.start()
    story.pause()
    story.output("b")
    assert end_of(story.error("a")).event == "failed"
    assert story.statuses()["c"] == "skipped"


def test_a_run_that_is_done_while_it_is_paused_ends() -> None:
    story = Story(block("a"))
    story.start()
    story.pause()
    assert end_of(story.output("a")).event == "complete"
    assert run_summary(story.run).status == "running"


def test_a_cancel_needs_no_resume() -> None:
    story = Story(block("a"), block("b", "a"))
    story.start()
    story.pause()
    story.output("a")
    assert end_of(story.cancel()).event == "cancelled"
    assert story.resume() == ()
    assert story.statuses()["b"] == "cancelled"


def test_the_time_of_the_run_goes_on() -> None:
    story = Story(block("a"), block("b", "a"), timeout=5)
    story.start()
    story.pause()
    story.output("a")
    assert end_of(story.fired("timeout")).event == "timed_out"
    assert story.resume() == ()


def test_a_second_pause_and_a_second_resume_change_nothing() -> None:
    story = Story(block("a"), block("b", "a"))
    story.start()
    story.pause()
    story.pause()
    story.output("a")
    assert dispatched(story.resume()) == ["b"]
    assert story.resume() == ()
    assert story.running() == ["b"]


def test_a_run_can_be_paused_before_it_begins() -> None:
    story = Story(block("a"))
    story.start(at=2_000.0)
    story.pause()
    assert run_summary(story.run).status == "paused"
    assert story.fired("begin") == ()
    assert dispatched(story.resume()) == ["a"]


def test_a_loop_is_held_where_it_is() -> None:
    story = Story(loop("l", block("x"), concurrency=1), each(block("y"), concurrency=1))
    story.start({"items": [1]})
    story.expanded("l", 2)
    story.pause()
    assert story.output("l/0/x") == ()
    assert story.expanded("y", 2) == ()
    story.reload()
    assert dispatched(story.resume()) == ["l/1/x", "y/0"]


def test_a_slot_is_not_kept_from_others_meanwhile() -> None:
    story = Story(block("a", type="scarce", type_concurrency=2))
    (asked,) = story.start()
    story.pause()
    assert isinstance(asked, Acquire)
    assert story.granted("type", "a") == (Release(asked.key, "type", "a", 1),)
    assert story.again(0) == ()
    assert story.resume() == (asked,)
    assert dispatched(story.granted("type", "a")) == ["a"]


def test_a_slot_that_is_asked_for_meanwhile_is_only_asked_for_then() -> None:
    story = Story(block("a"), block("b", "a", type="scarce", type_concurrency=2))
    story.start()
    story.pause()
    assert story.output("a") == ()
    (asked,) = story.resume()
    assert isinstance(asked, Acquire)


def test_a_wait_does_not_time_out() -> None:
    story = Story(wait("w", timeout=5), block("a", "w"))
    story.start()
    story.pause()
    story.fired("wait-w")
    story.signal("w", 1)
    assert dispatched(story.resume()) == ["a"]


def test_compensations_are_held() -> None:
    story = Story(block("a", compensate=undo("a")), block("b", "a"))
    story.start()
    story.output("a")
    story.pause()
    assert story.error("b") == ()
    assert dispatched(story.resume()) == ["a:undo"]


def test_a_paused_run_that_is_cancelled_stops_its_work() -> None:
    story = Story(block("a"))
    story.start()
    story.pause()
    assert story.cancel()[0] == StopWork()
