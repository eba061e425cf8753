"""Failing: nothing new begins, what only waits is not waited for, what runs finishes."""

import pytest
from support.story import Story, block, delay, dispatched, each, end_of, group, loop, wait, workflow

from gnatwork_engine.core.actions import Release
from gnatwork_schemas.control_block import ControlledBlock
from gnatwork_schemas.definition import Retry

#: References stay unread, so that an executor has to look at the config first.
LARGE = {"$payload": {"id": "p1", "size": 100_000, "type": "application/json", "digest": "sha256:00"}}


@pytest.mark.parametrize("one", [delay("d", for_=5), wait("d"), wait("d", timeout=5)])
def test_what_only_waits_is_cancelled(one: ControlledBlock) -> None:
    story = Story(block("a"), one)
    story.start()
    assert end_of(story.error("a")).event == "failed"
    assert story.statuses()["d"] == "cancelled"
    assert not story.run.waiters


def test_a_child_run_is_waited_for() -> None:
    story = Story(block("a"), workflow("w"))
    story.start()
    story.child_started("w")
    assert story.error("a") == ()
    assert dispatched(story.child_ended("w")) == ["w:result"]
    end_of(story.output("w:result"))
    assert story.statuses()["w"] == "completed"


def test_a_child_run_that_is_only_to_be_started_again_is_not() -> None:
    story = Story(block("a"), workflow("w"))
    story.start()
    story.error("w:start", retryable=True)
    end_of(story.error("a"))
    assert story.statuses()["w"] == "cancelled"


def test_a_wait_whose_config_is_looked_at_ends_when_that_is_done() -> None:
    story = Story(block("a"), wait("w", signal="{{ input }}"))
    story.start(LARGE)
    assert story.error("a") == ()
    end_of(story.output("w:render", {"signal": "go"}))
    assert story.statuses()["w"] == "cancelled"
    assert not story.run.waiters


def test_a_wait_whose_config_is_to_be_looked_at_again_is_not_waited_for() -> None:
    story = Story(block("a"), wait("w", signal="{{ input }}"))
    story.start(LARGE)
    story.error("w:render", retryable=True)
    end_of(story.error("a"))
    assert story.statuses()["w"] == "cancelled"


def test_what_is_told_to_late_changes_nothing() -> None:
    story = Story(block("a"), block("b"), wait("w"), delay("d", for_=5))
    story.start()
    story.error("a")
    story.signal("w")
    story.fired("delay-d")
    assert story.statuses()["w"] == story.statuses()["d"] == "cancelled"
    end_of(story.output("b"))


def test_a_loop_begins_no_further_iteration() -> None:
    story = Story(block("a"), loop("l", block("x"), block("y", "x"), concurrency=2))
    story.start()
    story.expanded("l", 5)
    story.error("a")
    assert story.output("l/0/x") == ()
    end_of(story.output("l/1/x"))
    assert story.statuses()["l"] == "cancelled"
    assert story.run.finished == {"l/x": {"completed": 2}, "l/y": {"skipped": 2}}


def test_for_each_begins_no_further_item() -> None:
    story = Story(block("a"), each(block("x"), concurrency=2))
    story.start({"items": []})
    story.expanded("x", 5)
    story.error("a")
    assert story.output("x/0") == ()
    end_of(story.output("x/1"))


@pytest.mark.parametrize("what", ["expand", "collect"])
def test_a_loop_whose_step_is_to_be_tried_again_is_given_up(what: str) -> None:
    story = Story(block("a"), loop("l", block("x")))
    story.start({"items": []})
    if what == "collect":
        story.expanded("l", 0)
    story.error(f"l:{what}", retryable=True)
    end_of(story.error("a"))
    assert story.statuses()["l"] == "cancelled"
    assert story.fired(f"retry-l:{what}-2") == ()


@pytest.mark.parametrize("what", ["expand", "collect"])
def test_a_step_that_runs_finishes(what: str) -> None:
    story = Story(block("a"), loop("l", block("x")))
    story.start({"items": []})
    if what == "collect":
        story.expanded("l", 0)
        assert story.error("a") == ()
        end_of(story.collected("l", []))
        assert story.statuses()["l"] == "completed"
    else:
        assert story.error("a") == ()
        end_of(story.expanded("l", 3))
        assert story.statuses()["l"] == "cancelled"


def test_it_reaches_through_all_scopes() -> None:
    inner = loop("k", block("x"), delay("d", for_=9), block("z", "d"))
    story = Story(block("a"), loop("l", group("g", inner, wait("w"))))
    story.start({"items": [1]})
    story.expanded("l", 2)
    story.expanded("l/0/g/k", 1)
    story.expanded("l/1/g/k", 1)
    story.error("a")
    assert story.output("l/0/g/k/0/x") == ()
    end_of(story.output("l/1/g/k/0/x"))
    assert story.run.waiters == {}
    assert story.status("l/0/g/k/0/z") == "skipped"
    assert story.status("l/0/g") == "cancelled"


def test_the_error_of_an_inner_block_names_it() -> None:
    story = Story(loop("l", group("g", block("x"))))
    story.start({"items": [1]})
    story.expanded("l", 2)
    story.error("l/1/g/x", "boom")
    end = end_of(story.output("l/0/g/x"))
    error = end.body.model_dump()["error"]
    assert (error["code"], error["task"]) == ("boom", "l/1/g/x")


def test_a_group_that_is_caught_does_not_fail_the_run() -> None:
    story = Story(group("g", block("x"), block("y")), block("b", "g.error", config={"why": "{{ error.task }}"}))
    story.start()
    assert story.error("g/x") == ()
    (dispatch,) = story.output("g/y")
    assert dispatch.config == {"why": "g/x"}  # type: ignore[union-attr]  # a dispatch, as the test says
    assert end_of(story.output("b")).event == "complete"


def test_a_group_with_on_error_continue_yields_its_error() -> None:
    story = Story(group("g", block("x"), on_error="continue"), block("b", "g", config={"why": "{{ g.error.code }}"}))
    story.start()
    (dispatch,) = story.error("g/x", "boom")
    assert dispatch.config == {"why": "boom"}  # type: ignore[union-attr]  # a dispatch, as the test says


def test_a_place_in_the_queue_of_a_type_is_given_up() -> None:
    story = Story(block("a"), block("b", type="scarce", type_concurrency=1), block("c"))
    story.start()
    story.error("a")
    assert story.statuses()["b"] == "skipped"
    (given_back,) = story.granted("type", "b")
    assert isinstance(given_back, Release)
    assert (given_back.task, given_back.attempt) == ("b", 1)


def test_what_fails_later_does_not_change_why() -> None:
    story = Story(block("a"), block("b", retry=Retry(max_attempts=3)))
    story.start()
    story.error("a", "first")
    end = end_of(story.error("b", "second", retryable=True))
    assert end.body.model_dump()["error"]["code"] == "first"
