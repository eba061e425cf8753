"""Plain types: what the scheduler leaves open in a config is completed by an executor, before the task begins."""

from typing import Any

import pytest
from support.story import Story, block, config_of, dispatched, each, end_of, leaf, script, step, undo

from gnatwork_engine.core.actions import Acquire, Dispatch, ReportError, SetTimer
from gnatwork_schemas.control_block import ControlledBlock

LARGE = {"$payload": {"id": "p1", "size": 100_000, "type": "application/json", "digest": "sha256:00"}}


def plain(name: str, *needs: str, **fields: Any) -> ControlledBlock:
    """A block of a plain type."""
    return block(name, *needs, type="echo", plain=True, **fields)


def test_a_config_that_is_known_costs_nothing() -> None:
    story = Story(block("a"), plain("b", "a", config={"x": "{{ a.x }}"}))
    story.start()
    assert config_of(story.output("a", {"x": 1}), "b") == {"x": 1}


def test_what_is_large_is_completed_ahead_of_it() -> None:
    story = Story(block("a"), plain("b", "a", config={"x": "{{ a.x }}"}))
    story.start()
    (render,) = story.output("a", LARGE)
    assert isinstance(render, Dispatch)
    assert (render.task, render.type, render.deferred) == ("b:render", "render", ("/x",))
    assert story.statuses()["b"] == "waiting"
    (work,) = story.output("b:render", {"x": "small"})
    assert isinstance(work, Dispatch)
    assert (work.task, work.type, work.attempt, work.config, work.deferred) == ("b", "echo", 1, {"x": "small"}, ())
    assert end_of(story.output("b")).event == "complete"


def test_other_types_are_left_what_is_large() -> None:
    story = Story(block("a"), block("b", "a", config={"x": "{{ a.x }}"}))
    story.start()
    (work,) = story.output("a", LARGE)
    assert isinstance(work, Dispatch)
    assert (work.task, work.deferred) == ("b", ("/x",))


def test_a_config_may_be_complete_and_nothing() -> None:
    story = Story(block("a"), plain("b", "a", config="{{ a.x ?? null }}"))
    story.start()
    story.output("a", LARGE)
    assert config_of(story.output("b:render", None), "b") is None


def test_another_attempt_takes_the_same_config() -> None:
    story = Story(block("a"), plain("b", "a", config={"x": "{{ a.x }}"}, retry={"max_attempts": 2}))
    story.start()
    story.output("a", LARGE)
    story.output("b:render", {"x": 1})
    (timer,) = story.error("b", retryable=True)
    assert isinstance(timer, SetTimer)
    assert config_of(story.fired("retry-b-2"), "b") == {"x": 1}
    story.output("b", attempt=2)
    assert story.run.task("b").complete is None


def test_what_is_large_altogether_is_refused() -> None:
    story = Story(block("a"), plain("b", "a", config={"x": "{{ a }}"}), block("c", "b.error"))
    story.start()
    story.output("a", LARGE)
    (report,) = story.output("b:render", LARGE)
    assert isinstance(report, ReportError)
    assert (report.task, report.attempt, report.error.code) == ("b", 1, "payload.too_large")
    assert not report.error.retryable
    assert dispatched(story.error("b", "payload.too_large")) == ["c"]


def test_its_config_could_not_be_completed() -> None:
    story = Story(block("a"), plain("b", "a", config={"x": "{{ a.x }}"}), block("c", "b.error"))
    story.start()
    story.output("a", LARGE)
    assert dispatched(story.error("b:render", "template.missing")) == ["c"]


def test_a_connection_never_gets_into_the_history() -> None:
    told = leaf("{{ run.token }}", "x")
    (named,) = told.parts
    assert not isinstance(named, str)
    secret = named.model_copy(update={"path": ("connections", "github", "token")})
    story = Story(
        plain("b").model_copy(
            update={"templates": (told.model_copy(update={"parts": (secret,)}),), "config": {"x": ""}}
        )
    )
    (report,) = story.start()
    assert isinstance(report, ReportError)
    assert report.error.code == "connection.misplaced"


def test_each_item_is_completed() -> None:
    story = Story(each(plain("b", config={"x": "{{ item }}"}), concurrency=2))
    story.start({"items": [1, 2]})
    actions = story.output("b:expand", {"items": {"id": "i", "count": 2, "page_size": 2}})
    assert dispatched(actions) == ["b/0:render", "b/1:render"]
    assert config_of(story.output("b/1:render", {"x": 2}), "b/1") == {"x": 2}
    assert config_of(story.output("b/0:render", {"x": 1}), "b/0") == {"x": 1}
    story.output("b/0")
    assert dispatched(story.output("b/1")) == ["b:collect"]


def test_a_slot_of_its_type_is_asked_for_when_the_config_is_there() -> None:
    story = Story(block("a"), plain("b", "a", config={"x": "{{ a.x }}"}, type_concurrency=1))
    story.start()
    assert dispatched(story.output("a", LARGE)) == ["b:render"]
    (asked,) = story.output("b:render", {"x": 1})
    assert isinstance(asked, Acquire)


def test_nothing_begins_in_a_pause() -> None:
    story = Story(block("a"), plain("b", "a", config={"x": "{{ a.x }}"}))
    story.start()
    story.output("a", LARGE)
    story.pause()
    assert story.output("b:render", {"x": 1}) == ()
    assert config_of(story.resume(), "b") == {"x": 1}


def test_it_does_not_begin_where_the_run_fails_meanwhile() -> None:
    story = Story(block("a"), plain("b", "a", config={"x": "{{ a.x }}"}), block("c"))
    story.start()
    story.output("a", LARGE)
    assert story.error("c") == ()
    assert end_of(story.output("b:render", {"x": 1})).event == "failed"
    assert story.statuses()["b"] == "cancelled"


@pytest.mark.parametrize("value", [{"x": 1}, LARGE])
def test_what_undoes_a_block_takes_what_is_small(value: Any) -> None:
    undoing = undo("a", type="echo", plain=True, config={"x": "{{ a.x }}"})
    story = Story(block("a", compensate=undoing), block("b", "a"))
    story.start()
    story.output("a", value)
    (action,) = story.error("b")
    if value == LARGE:
        assert isinstance(action, ReportError)
        assert action.error.code == "payload.too_large"
    else:
        assert isinstance(action, Dispatch)
        assert action.config == {"x": 1}


def test_steps_of_programs_are_completed_too() -> None:
    story = Story(script("s"))
    story.start()
    open_ = {"$template": [{"path": ["input"], "source": "input"}], "values": {"input": LARGE}}
    wanted = step(type="echo", plain=True, config={"x": open_}, deferred=["/x"])
    assert dispatched(story.sliced("s", wanted)) == ["s/0:render"]
    assert config_of(story.output("s/0:render", {"x": 1}), "s/0") == {"x": 1}
