"""Events that are delivered again call for what is still open of what they called for."""

from support.story import Story, block

from gnatwork_engine.core import fold
from gnatwork_engine.core.actions import Dispatch, End
from gnatwork_engine.core.snapshot import freeze
from gnatwork_schemas.definition import Retry


def test_a_repeated_event_repeats_what_has_no_outcome_yet() -> None:
    story = Story(block("a"), block("b"), block("c", "a"))
    first = story.start()
    assert story.again(0) == first
    story.output("a")
    (dispatch,) = story.again(0)
    assert isinstance(dispatch, Dispatch)
    assert dispatch.task == "b"
    (dispatch,) = story.again(1)
    assert isinstance(dispatch, Dispatch)
    assert dispatch.task == "c"


def test_an_event_never_repeats_what_another_caused() -> None:
    story = Story(block("a", retry=Retry(max_attempts=2)))
    story.start()
    story.error("a", retryable=True)
    assert story.again(0) == ()
    story.fired("retry-a-2")
    assert story.again(0) == ()
    assert story.again(1) == ()
    assert len(story.again(2)) == 2


def test_an_end_that_is_not_stored_yet_is_appended_again() -> None:
    story = Story(block("a"))
    story.start()
    ends = story.output("a")
    assert story.again(1) == ends
    assert isinstance(ends[0], End)
    story.end()
    assert story.again(1) == ()


def test_a_reload_reaches_the_same_state() -> None:
    story = Story(block("a"), block("b", "a"), timeout=5)
    story.start({"x": 1})
    story.output("a", 1)
    assert freeze(fold(story.plan, story.events) or story.run) == freeze(story.run)
