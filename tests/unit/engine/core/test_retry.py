"""Retries: when another attempt is made, and that each attempt counts once."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.story import Story, block

from gnatwork_engine.core.actions import Dispatch, End, PurgeTask, SetTimer
from gnatwork_engine.core.retry import next_delay
from gnatwork_engine.core.view import completed_tasks
from gnatwork_schemas.definition import Retry
from gnatwork_schemas.duration import MAX_SECONDS
from gnatwork_schemas.error import ErrorInfo

TWICE = Retry(max_attempts=2, initial=1, jitter=0)
PASSING = ErrorInfo(code="http.status", message="no", retryable=True)


def test_a_retryable_error_sets_a_timer_and_the_timer_begins_the_next_attempt() -> None:
    story = Story(block("a", retry=TWICE))
    story.start()
    (timer,) = story.error("a", retryable=True)
    assert timer == SetTimer("retry-a-2", story.events[-1].at + 1)
    assert story.statuses() == {"a": "retrying"}
    purge, dispatch = story.fired("retry-a-2")
    assert purge == PurgeTask("a", 1)
    assert isinstance(dispatch, Dispatch)
    assert (dispatch.attempt, dispatch.max_attempts) == (2, 2)


def test_the_last_attempt_is_final() -> None:
    story = Story(block("a", retry=TWICE))
    story.start()
    story.error("a", retryable=True)
    story.fired("retry-a-2")
    (end,) = story.error("a", attempt=2, retryable=True)
    assert isinstance(end, End)
    assert end.event == "failed"


def test_an_error_that_is_not_retryable_is_final() -> None:
    story = Story(block("a", retry=TWICE))
    story.start()
    (end,) = story.error("a")
    assert isinstance(end, End)


def test_the_first_outcome_of_an_attempt_counts() -> None:
    story = Story(block("a", retry=TWICE), block("b", "a"))
    story.start()
    story.error("a", retryable=True)
    assert story.output("a", attempt=1) == ()
    story.fired("retry-a-2")
    assert story.output("a", attempt=1) == ()
    (dispatch,) = story.output("a", attempt=2)
    assert isinstance(dispatch, Dispatch)
    assert dispatch.task == "b"


def test_a_timer_that_fires_twice_begins_one_attempt() -> None:
    story = Story(block("a", retry=Retry(max_attempts=3)))
    story.start()
    story.error("a", retryable=True)
    assert story.fired("retry-a-2")
    assert story.fired("retry-a-2") == ()
    assert story.fired("retry-nothing-2") == ()


def test_a_failing_run_gives_up_retries() -> None:
    story = Story(block("a", retry=TWICE), block("b"))
    story.start()
    story.error("a", retryable=True)
    (end,) = story.error("b")
    assert isinstance(end, End)
    assert story.statuses() == {"a": "failed", "b": "failed"}


@pytest.mark.parametrize(
    ("policy", "error", "delay"),
    [
        (Retry(max_attempts=3, jitter=0), PASSING, 1.0),
        (Retry(max_attempts=3, jitter=0, on=("http.status",)), PASSING, 1.0),
        (Retry(max_attempts=3, jitter=0, on=("http.timeout",)), PASSING, None),
        (Retry(max_attempts=3, jitter=0, not_on=("http.status",)), PASSING, None),
        (Retry(max_attempts=1), PASSING, None),
        (Retry(max_attempts=3), PASSING.model_copy(update={"retryable": False}), None),
        (Retry(max_attempts=3, jitter=0), PASSING.model_copy(update={"retry_after": 9.0}), 9.0),
    ],
)
def test_the_policy_decides(policy: Retry, error: ErrorInfo, delay: float | None) -> None:
    assert next_delay(policy, error, 1, "run/a") == delay


@given(st.integers(1, 99), st.floats(1, 100), st.floats(0, 1), st.text(max_size=20))
def test_the_wait_grows_up_to_its_bound_and_is_drawn_alike_by_everyone(
    attempt: int, factor: float, jitter: float, key: str
) -> None:
    policy = Retry(max_attempts=100, factor=factor, jitter=jitter, max=60)
    first, second = (next_delay(policy, PASSING, attempt, key) for _ in range(2))
    assert first is not None
    assert first == second
    assert 0 <= first <= 60 * (1 + jitter)


@pytest.mark.parametrize("asked", [1e300, float("inf")])
def test_no_wait_is_longer_than_any_duration_may_be(asked: float) -> None:
    error = PASSING.model_copy(update={"retry_after": asked})
    assert next_delay(TWICE, error, 1, "k") == MAX_SECONDS


def test_what_an_earlier_attempt_ran_into_is_over_once_a_later_one_succeeds() -> None:
    undo = block("a:undo")
    story = Story(block("a", retry=TWICE, compensate=undo), block("b", on_error="continue"), block("c", "a"))
    story.start()
    story.error("a", retryable=True)
    story.fired("retry-a-2")
    story.output("a", attempt=2)
    completed = story.events[-1].sequence
    story.error("b")
    assert story.run.root.tasks["a"].error is None
    assert list(story.run.undos) == ["a:undo"]
    assert completed_tasks(story.run) == {"a": completed}


def test_what_was_undone_and_what_waited_for_it_runs_again() -> None:
    undo = block("b:undo")
    story = Story(block("a"), block("b", compensate=undo), block("c", "b.out"), block("d", "a"), block("e", "c"))
    story.start()
    for done in ("a", "b", "c", "d"):
        story.output(done)
    story.error("e")
    story.output("b:undo")
    assert completed_tasks(story.run).keys() == {"a", "d"}
