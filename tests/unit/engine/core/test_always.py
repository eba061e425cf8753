"""`join: always`: what cleans up runs to its end, even where everything around it fails."""

from support.story import Story, block, delay, dispatched, each, end_of, group, loop, wait, when, workflow

from gnatwork_engine.core.actions import SetTimer
from gnatwork_schemas.definition import Retry


def failed(*blocks: object) -> Story:
    """A run in which `a` has failed already."""
    story = Story(block("a"), *blocks)  # type: ignore[arg-type]  # blocks, as the type of Story says
    story.start({"items": [1]})
    story.error("a", "boom")
    return story


def test_a_group_runs_with_all_that_is_in_it() -> None:
    story = failed(group("g", block("x"), block("y", "x"), needs=["a"], join="always"))
    assert story.running() == ["g/x"]
    assert dispatched(story.output("g/x")) == ["g/y"]
    assert dispatched(story.output("g/y")) == ["g:collect"]
    end = end_of(story.collected("g"))
    assert end.body.model_dump()["error"]["code"] == "boom"


def test_a_loop_goes_through_all_its_items() -> None:
    story = failed(loop("l", block("x"), needs=["a"], concurrency=1, join="always"))
    assert story.running() == ["l:expand"]
    assert dispatched(story.expanded("l", 2)) == ["l/0/x"]
    assert dispatched(story.output("l/0/x")) == ["l/1/x"]
    assert dispatched(story.output("l/1/x")) == ["l:collect"]
    end_of(story.collected("l"))


def test_so_does_for_each() -> None:
    story = failed(each(block("x"), "a", join="always", concurrency=1))
    assert dispatched(story.expanded("x", 2)) == ["x/0"]
    assert dispatched(story.output("x/0")) == ["x/1"]
    assert dispatched(story.output("x/1")) == ["x:collect"]


def test_within_it_failing_is_failing() -> None:
    story = failed(group("g", block("x"), block("y", "x"), needs=["a"], join="always"))
    end = end_of(story.error("g/x", "again"))
    assert end.body.model_dump()["error"]["code"] == "boom"
    assert story.status("g/y") == "skipped"


def test_a_child_run_is_waited_for_and_its_output_fetched() -> None:
    story = failed(workflow("w", "a", join="always"))
    assert story.running() == ["w:start"]
    story.child_started("w")
    assert dispatched(story.child_ended("w")) == ["w:result"]
    end_of(story.output("w:result", 1))
    assert story.statuses()["w"] == "completed"


def test_it_is_tried_again() -> None:
    story = failed(block("b", "a", join="always", retry=Retry(max_attempts=2, jitter=0)))
    (timer,) = story.error("b", retryable=True)
    assert isinstance(timer, SetTimer)
    assert dispatched(story.fired("retry-b-2")) == ["b"]


def test_what_it_waits_for_is_not_given_up_when_the_run_fails_meanwhile() -> None:
    story = Story(block("a"), block("b"), delay("d", for_=5), wait("w", "b", join="always"))
    story.start()
    story.output("b")
    assert story.error("a") == ()
    assert story.statuses() == {"a": "failed", "b": "completed", "d": "cancelled", "w": "waiting"}
    end_of(story.signal("w"))


def test_a_retry_of_it_is_not_given_up_either() -> None:
    story = Story(block("a"), block("b"), block("c", "b", join="always", retry=Retry(max_attempts=2)))
    story.start()
    story.output("b")
    story.error("c", retryable=True)
    story.error("a")
    assert story.statuses()["c"] == "retrying"
    story.fired("retry-c-2")
    end_of(story.output("c", attempt=2))


def test_with_a_when_it_is_asked_and_then_runs() -> None:
    story = failed(*when(block("b", "a", join="always")))
    assert story.running() == ["b:when"]
    assert dispatched(story.port("b:when", True)) == ["b"]
    end_of(story.output("b"))


def test_inside_an_iteration_that_is_given_up_it_runs_before_the_loop_ends() -> None:
    story = Story(loop("l", block("x"), block("y", "x"), block("clean", "x", "y", join="always")), block("a"))
    story.start({"items": [1]})
    story.expanded("l", 1)
    story.error("a")
    assert dispatched(story.output("l/0/x")) == ["l/0/clean"]
    end_of(story.output("l/0/clean"))
    assert story.statuses() == {"l": "cancelled", "a": "failed"}
