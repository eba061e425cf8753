"""Sequence, parallel, join, skip: what runs when."""

import pytest
from support.story import Story, block

from gnatwork_engine.core.actions import Action, Dispatch, End


def dispatched(actions: tuple[Action, ...]) -> list[str]:
    return [action.task for action in actions if isinstance(action, Dispatch)]


def test_blocks_without_needs_run_at_the_start() -> None:
    story = Story(block("a"), block("b"), block("c", "a"))
    assert dispatched(story.start()) == ["a", "b"]


def test_a_sequence_goes_on_with_each_output() -> None:
    story = Story(block("a"), block("b", "a"), block("c", "b"))
    story.start()
    assert dispatched(story.output("a")) == ["b"]
    assert dispatched(story.output("b")) == ["c"]
    (end,) = story.output("c", {"n": 1})
    assert isinstance(end, End)
    assert end.event == "complete"


def test_the_work_item_has_the_rendered_config() -> None:
    story = Story(block("a"), block("b", "a", config={"text": "{{ a.name }} of {{ input.n }}"}))
    story.start({"n": 2})
    (dispatch,) = story.output("a", {"name": "one"})
    assert isinstance(dispatch, Dispatch)
    assert dispatch.config == {"text": "one of 2"}
    assert (dispatch.attempt, dispatch.type, dispatch.timeout) == (1, "noop", 60)


def test_a_join_waits_for_all() -> None:
    story = Story(block("a"), block("b"), block("c", "a", "b"))
    story.start()
    assert story.output("a") == ()
    assert dispatched(story.output("b")) == ["c"]


def test_join_any_runs_once_at_the_first() -> None:
    story = Story(block("a"), block("b"), block("c", "a", "b", join="any"))
    story.start()
    assert dispatched(story.output("b")) == ["c"]
    assert story.output("a") == ()
    assert dispatched(story.output("c")) == []
    assert story.run.closing is not None


def test_a_block_whose_port_is_not_taken_is_skipped_and_what_needs_only_it_as_well() -> None:
    story = Story(block("a"), block("b", "a.error"), block("c", "b"), block("d", "a"))
    story.start()
    assert dispatched(story.output("a")) == ["d"]
    assert story.statuses() == {"a": "completed", "b": "skipped", "c": "skipped", "d": "queued"}


def test_a_join_behind_a_branch_runs_with_whichever_came() -> None:
    story = Story(block("a"), block("b", "a.error"), block("c"), block("d", "b", "c"))
    story.start()
    story.output("a")
    assert dispatched(story.output("c")) == ["d"]


def test_join_always_runs_whatever_became_of_its_needs() -> None:
    story = Story(block("a"), block("b", "a"), block("c", "a", "b", join="always"))
    story.start()
    assert dispatched(story.error("a")) == ["c"]
    (end,) = story.output("c")
    assert isinstance(end, End)
    assert end.event == "failed"


def test_the_error_port_runs_something_instead() -> None:
    story = Story(
        block("a"), block("b", "a"), block("c", "a.error", config={"why": "{{ error.message }}"}), output="{{ c.x }}"
    )
    story.start()
    (dispatch,) = story.error("a")
    assert isinstance(dispatch, Dispatch)
    assert dispatch.config == {"why": "no"}
    (end,) = story.output("c", {"x": 5})
    assert isinstance(end, End)
    assert (end.event, end.body.model_dump()["output"]) == ("complete", 5)
    assert story.statuses()["b"] == "skipped"


def test_on_error_continue_makes_the_error_the_output() -> None:
    story = Story(block("a", on_error="continue"), block("b", "a", config={"why": "{{ a.error.code }}"}))
    story.start()
    (dispatch,) = story.error("a")
    assert isinstance(dispatch, Dispatch)
    assert dispatch.config == {"why": "http.status"}


def test_a_failing_run_lets_finish_what_runs_and_begins_nothing() -> None:
    story = Story(block("a"), block("b"), block("c", "b"))
    story.start()
    assert story.error("a", code="boom") == ()
    (end,) = story.output("b")
    assert isinstance(end, End)
    assert end.body.model_dump()["error"]["code"] == "boom"
    assert end.body.model_dump()["error"]["task"] == "a"
    assert story.statuses() == {"a": "failed", "b": "completed", "c": "skipped"}


@pytest.mark.parametrize("width", [1, 100])
def test_fan_out_and_join(width: int) -> None:
    story = Story(*(block(f"w{n}") for n in range(width)), block("join", *(f"w{n}" for n in range(width))))
    assert len(story.start()) == width
    for number in range(width - 1):
        assert story.output(f"w{number}") == ()
    assert dispatched(story.output(f"w{width - 1}")) == ["join"]
