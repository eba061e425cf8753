"""`while` and `until`: one iteration after the other, as long as it holds or until it does."""

from support.story import Story, block, config_of, dispatched, each, end_of, loop

from gnatwork_engine.core import run_summary
from gnatwork_engine.core.actions import ReportError, SetTimer
from gnatwork_engine.core.view import task_paths

ASKED = {"values": {"index": "{{ index }}", "page": "{{ previous.x ?? null }}"}}


def test_a_while_is_asked_before_each_iteration() -> None:
    story = Story(loop("l", block("x"), over="while"), block("b", "l"))
    assert dispatched(story.start()) == ["l/0/:while"]
    assert dispatched(story.port("l/0/:while", True)) == ["l/0/x"]
    assert dispatched(story.output("l/0/x", 1)) == ["l/1/:while"]
    actions = story.port("l/1/:while", False)
    assert config_of(actions, "l:collect") == {"results": [{"x": story.events[2].sequence}]}
    assert dispatched(story.collected("l", [1])) == ["b"]


def test_a_while_that_does_not_hold_at_once_never_goes_round() -> None:
    story = Story(loop("l", block("x"), over="while"))
    story.start()
    assert config_of(story.port("l/0/:while", False), "l:collect") == {"results": []}
    assert run_summary(story.run).blocks == {"l": {"running": 1}}
    assert task_paths(story.view) == ["l"]


def test_an_until_is_asked_after_each_iteration() -> None:
    story = Story(loop("l", block("x"), block("y", "x"), over="until"))
    assert dispatched(story.start()) == ["l/0/x"]
    assert dispatched(story.output("l/0/x")) == ["l/0/y"]
    assert dispatched(story.output("l/0/y")) == ["l/0/:until"]
    assert dispatched(story.port("l/0/:until", False)) == ["l/1/x"]
    story.output("l/1/x")
    story.output("l/1/y")
    assert dispatched(story.port("l/1/:until", True)) == ["l:collect"]


def test_both_see_the_number_and_what_the_iteration_before_yielded() -> None:
    story = Story(loop("l", block("x", config=ASKED), over="while", config=ASKED))
    assert config_of(story.start(), "l/0/:while") == {"values": {"index": 0, "page": None}}
    assert config_of(story.port("l/0/:while", True), "l/0/x") == {"values": {"index": 0, "page": None}}
    assert config_of(story.output("l/0/x", "p0"), "l/1/:while") == {"values": {"index": 1, "page": "p0"}}
    story.reload()
    assert config_of(story.port("l/1/:while", True), "l/1/x") == {"values": {"index": 1, "page": "p0"}}


def test_an_until_sees_the_blocks_of_its_iteration() -> None:
    story = Story(loop("l", block("x"), over="until", config={"values": {"x": "{{ x.next }}"}}))
    story.start()
    assert config_of(story.output("l/0/x", {"next": None}), "l/0/:until") == {"values": {"x": None}}


def test_a_while_may_go_round_as_often_as_allowed() -> None:
    story = Story(loop("l", block("x"), over="while", max_iterations=2))
    story.start()
    for index in range(2):
        story.port(f"l/{index}/:while", True)
        assert dispatched(story.output(f"l/{index}/x")) == [f"l/{index + 1}/:while"]
    assert dispatched(story.port("l/2/:while", False)) == ["l:collect"]


def test_but_not_more_often() -> None:
    story = Story(loop("l", block("x"), over="while", max_iterations=1), block("b", "l.error"))
    story.start()
    story.port("l/0/:while", True)
    story.output("l/0/x")
    (report,) = story.port("l/1/:while", True)
    assert isinstance(report, ReportError)
    assert (report.task, report.error.code) == ("l", "loop.too_many")
    assert dispatched(story.error("l", "loop.too_many")) == ["b"]


def test_nor_may_an_until() -> None:
    story = Story(loop("l", block("x"), over="until", max_iterations=2))
    story.start()
    story.output("l/0/x")
    story.port("l/0/:until", False)
    story.output("l/1/x")
    (report,) = story.port("l/1/:until", False)
    assert isinstance(report, ReportError)
    assert story.again(-1) == (report,)
    assert end_of(story.error("l", "loop.too_many")).event == "failed"


def test_a_while_that_fails_fails_the_loop() -> None:
    story = Story(loop("l", block("x"), over="while"))
    story.start()
    end = end_of(story.error("l/0/:while", "code.error"))
    assert end.body.model_dump()["error"]["task"] == "l"
    assert story.statuses() == {"l": "failed"}


def test_an_until_that_fails_fails_the_loop_however_its_iterations_may() -> None:
    story = Story(loop("l", block("x"), over="until", on_item_error="continue"))
    story.start()
    story.output("l/0/x")
    assert end_of(story.error("l/0/:until", "code.error")).event == "failed"


def test_a_failing_iteration_ends_it_or_is_asked_about() -> None:
    fails = Story(loop("l", block("x"), over="while"))
    fails.start()
    fails.port("l/0/:while", True)
    assert end_of(fails.error("l/0/x", "boom")).event == "failed"
    goes_on = Story(loop("l", block("x"), over="while", on_item_error="continue"))
    goes_on.start()
    goes_on.port("l/0/:while", True)
    assert dispatched(goes_on.error("l/0/x", "boom")) == ["l/1/:while"]
    actions = goes_on.port("l/1/:while", False)
    assert config_of(actions, "l:collect") == {"results": [goes_on.events[2].sequence]}


def test_it_is_given_up_whatever_the_answer() -> None:
    story = Story(block("a"), loop("l", block("x"), over="while"))
    story.start()
    story.error("a")
    assert end_of(story.port("l/0/:while", True)).event == "failed"
    assert story.statuses()["l"] == "cancelled"


def test_an_answer_that_waits_for_its_retry_is_given_up() -> None:
    inner = loop("l", block("x"), over="until")
    asked = inner.loop
    assert asked
    assert asked.condition
    retried = asked.condition.model_copy(update={"retry": inner.retry.model_copy(update={"max_attempts": 3})})
    inner = inner.model_copy(update={"loop": asked.model_copy(update={"condition": retried})})
    story = Story(block("a"), inner)
    story.start()
    story.output("l/0/x")
    (timer,) = story.error("l/0/:until", retryable=True)
    assert isinstance(timer, SetTimer)
    assert end_of(story.error("a")).event == "failed"
    assert story.statuses()["l"] == "cancelled"


def test_a_loop_within() -> None:
    story = Story(loop("l", each(block("x"), items=[1]), over="until"))
    story.start()
    story.expanded("l/0/x", 1)
    story.output("l/0/x/0")
    assert dispatched(story.collected("l/0/x", [1])) == ["l/0/:until"]
    assert dispatched(story.port("l/0/:until", True)) == ["l:collect"]
