"""Runs of one trigger that are not to overlap: each holds a slot of the trigger until its end."""

import pytest
from support.story import ADDRESS, Story, block, concurrency, dispatched, rate

from gnatwork_engine.core import run_summary
from gnatwork_engine.core.actions import Acquire, Release, SetTimer
from gnatwork_schemas import subjects
from gnatwork_schemas.definition import OnLimit
from gnatwork_schemas.messages import Fired

NIGHTLY = Fired(type="schedule", id="nightly")
KEY = subjects.limit_key("overlap", ADDRESS.namespace, ADDRESS.workflow, "nightly")
GIVEN_BACK = Release(KEY, "overlap")


@pytest.mark.parametrize(("overlap", "on_limit"), [("queue", "queue"), ("replace", "cancel_oldest")])
def test_a_run_begins_once_the_one_before_it_has_ended(overlap: str, on_limit: OnLimit) -> None:
    story = Story(block("a"))
    asked = Acquire(KEY, "overlap", 1, None, on_limit)
    assert story.start(trigger=NIGHTLY, overlap=overlap) == (asked,)
    assert run_summary(story.run).status == "pending"
    assert story.again(0) == (asked,)
    story.reload()
    assert dispatched(story.granted("overlap")) == ["a"]
    assert story.again(0) == ()
    story.output("a")
    assert GIVEN_BACK in story.end()


def test_a_run_that_does_not_mind_asks_for_nothing() -> None:
    assert dispatched(Story(block("a")).start(trigger=NIGHTLY)) == ["a"]


def test_first_its_time_then_its_turn_then_rate_and_room() -> None:
    story = Story(block("a"), concurrency=concurrency(2), rate_limit=rate(2, 60.0))
    assert story.start(trigger=NIGHTLY, overlap="queue", at=2_000.0) == (SetTimer("begin", 2_000.0),)
    assert story.fired("begin") == (Acquire(KEY, "overlap", 1, None, "queue"),)
    (rated,) = story.granted("overlap")
    (limited,) = story.granted("rate")
    assert isinstance(rated, Acquire)
    assert isinstance(limited, Acquire)
    assert (rated.kind, limited.kind) == ("rate", "concurrency")
    assert dispatched(story.granted("concurrency")) == ["a"]


def test_a_run_that_is_cancelled_in_the_queue_gives_up_its_place() -> None:
    story = Story(block("a"))
    story.start(trigger=NIGHTLY, overlap="queue")
    story.cancel()
    assert GIVEN_BACK in story.end("cancelled")
    assert story.granted("overlap") == (GIVEN_BACK,)


def test_triggers_do_not_wait_for_each_other() -> None:
    story = Story(block("a"))
    (asked,) = story.start(trigger=Fired(type="schedule", id="hourly"), overlap="queue")
    assert isinstance(asked, Acquire)
    assert asked.key != KEY
