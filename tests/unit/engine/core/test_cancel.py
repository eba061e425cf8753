"""Cancel and the time of the run: everything stops, whatever it was doing."""

from collections.abc import Callable

import pytest
from support.story import Story, block, condition, delay, dispatched, each, end_of, group, loop, undo, wait, workflow

from gnatwork_engine.core import run_summary
from gnatwork_engine.core.actions import DropTimers, Release, SetTimer, StopWork
from gnatwork_schemas.control_block import ControlledBlock
from gnatwork_schemas.definition import Retry

SCARCE = {"type": "scarce", "type_concurrency": 1}


@pytest.mark.parametrize(
    ("blocks", "events"),
    [
        ([block("a"), block("b", "a")], []),
        ([block("a", retry=Retry(max_attempts=2))], ["retrying"]),
        ([delay("d", for_=5)], []),
        ([wait("w", timeout=5)], []),
        ([wait("w", timeout=5)], ["timed out"]),
        ([workflow("w")], []),
        ([workflow("w")], ["started"]),
        ([workflow("w")], ["started", "ended"]),
        ([each(block("x"))], []),
        ([loop("l", group("g", block("x")), wait("w"))], ["expanded"]),
        ([loop("l", block("x"), over="while")], []),
        ([group("g", condition("c"), block("x", "c.true"))], []),
        ([block("s", **SCARCE)], []),
        ([block("s", **SCARCE)], ["granted"]),
    ],
)
@pytest.mark.parametrize("paused", [False, True])
@pytest.mark.parametrize("how", ["cancelled", "timed_out"])
def test_nothing_is_left_of_what_was_under_way(
    blocks: list[ControlledBlock], events: list[str], paused: bool, how: str
) -> None:
    story = Story(*blocks, timeout=30)
    story.start({"items": [1, 2]})
    tell: dict[str, Callable[[], object]] = {
        "retrying": lambda: story.error("a", retryable=True),
        "timed out": lambda: story.fired("wait-w"),
        "started": lambda: story.child_started("w"),
        "ended": lambda: story.child_ended("w"),
        "expanded": lambda: story.expanded("l", 2),
        "granted": lambda: story.granted("type", "s"),
    }
    for event in events:
        tell[event]()
    if paused:
        story.pause()
    actions = story.cancel() if how == "cancelled" else story.fired("timeout")
    assert actions[0] == StopWork()
    assert end_of(actions).event == how
    assert story.run.active == story.run.waiting == 0
    assert not story.run.waiters
    story.reload()
    story.resume()
    assert story.again(-2) == actions
    ended = story.end(how)
    assert DropTimers() in ended
    if blocks[0].id == "s":
        assert [(one.task, one.attempt) for one in ended if isinstance(one, Release)] == [("s", 1)]
    assert run_summary(story.run).status == how


def test_a_second_cancel_changes_nothing() -> None:
    story = Story(block("a"))
    story.start()
    first = story.cancel("one")
    assert story.cancel("two") == ()
    assert story.again(1) == first


def test_after_a_cancel_time_is_not_up_any_more() -> None:
    story = Story(block("a"), timeout=5)
    story.start()
    story.cancel()
    assert story.fired("timeout") == ()
    assert end_of(story.again(1)).event == "cancelled"


def test_signals_and_outcomes_that_come_too_late_change_nothing() -> None:
    story = Story(block("a"), wait("w"), each(block("x")))
    story.start({"items": [1]})
    story.expanded("x", 2)
    story.cancel()
    late = [story.output("a"), story.signal("w"), story.error("x/1", retryable=True)]
    assert late == [(), (), ()]
    assert story.statuses()["w"] == "cancelled"


def test_the_timer_of_the_run_is_set_when_it_begins_and_again_if_need_be() -> None:
    story = Story(block("a"), block("b", "a"), timeout=5)
    first = story.start()
    assert SetTimer("timeout", story.now + 5) in first
    story.output("a")
    assert story.again(0) == (SetTimer("timeout", story.events[0].at + 5),)


def test_a_run_that_waits_for_its_time_can_be_cancelled() -> None:
    story = Story(block("a"))
    assert story.start(at=1_500.0) == (SetTimer("begin", 1_500.0),)
    assert run_summary(story.run).status == "pending"
    assert end_of(story.cancel()).event == "cancelled"
    assert story.fired("begin") == ()
    assert story.again(0) == ()


def test_a_run_whose_time_has_come_begins_at_once() -> None:
    story = Story(block("a"), timeout=5)
    assert dispatched(story.start(at=1_000.5)) == ["a"]


def test_its_timeout_counts_from_when_it_began() -> None:
    story = Story(block("a"), timeout=5)
    story.start(at=1_500.0)
    assert SetTimer("timeout", story.now + 1 + 5) in story.fired("begin")
    assert run_summary(story.run).started_at == story.now


def test_what_compensates_a_cancelled_run_does_not_run() -> None:
    story = Story(block("a", compensate=undo("a")), block("b", "a"), on_failure=[block("f")])
    story.start()
    story.output("a")
    actions = story.cancel()
    assert actions[0] == StopWork()
    assert dispatched(actions) == []
    assert end_of(actions).event == "cancelled"
