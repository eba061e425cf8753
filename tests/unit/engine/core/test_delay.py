"""`delay`: a time passes, and nothing is held meanwhile."""

from datetime import UTC, datetime

import pytest
from support.story import Story, block, config_of, delay, dispatched, each, end_of

from gnatwork_engine.core import run_summary
from gnatwork_engine.core.actions import ReportError, SetTimer


def test_a_delay_is_a_timer_of_the_server() -> None:
    story = Story(delay("d", for_="2m"), block("a", "d"))
    assert story.start() == (SetTimer("delay-d", story.now + 120),)
    assert run_summary(story.run).status == "waiting"
    assert dispatched(story.fired("delay-d")) == ["a"]
    assert run_summary(story.run).status == "running"


def test_it_counts_from_when_it_begins() -> None:
    story = Story(block("a"), delay("d", "a", for_=5))
    story.start()
    assert story.output("a") == (SetTimer("delay-d", story.now + 5),)


def test_it_may_last_until_a_time() -> None:
    story = Story(delay("d", until="2030-01-31T09:00:00+01:00"))
    assert story.start() == (SetTimer("delay-d", datetime(2030, 1, 31, 8, tzinfo=UTC).timestamp()),)


@pytest.mark.parametrize(
    "config", [{"for_": 0}, {"for_": "0s"}, {"until": "1970-01-01T00:00:01Z"}, {"for_": "{{ input }}"}]
)
def test_a_time_that_has_passed_is_now(config: dict[str, object]) -> None:
    story = Story(delay("d", **config), block("a", "d"))
    assert dispatched(story.start(0)) == ["a"]


@pytest.mark.parametrize(
    ("given", "config"),
    [
        ("soon", {"for_": "{{ input }}"}),
        (-1, {"for_": "{{ input }}"}),
        (None, {"for_": "{{ input }}"}),
        ([], {"for_": "{{ input }}"}),
        ("11y", {"for_": "{{ input }}"}),
        ("tomorrow", {"until": "{{ input }}"}),
        (7, {"until": "{{ input }}"}),
        ({}, {"until": "{{ input }}"}),
    ],
)
def test_what_is_no_time_fails_it(given: object, config: dict[str, object]) -> None:
    story = Story(delay("d", **config), block("a", "d.error"))
    (report,) = story.start(given)
    assert isinstance(report, ReportError)
    assert (report.task, report.attempt, report.error.code) == ("d", 1, "block.config_invalid")
    assert story.again(0) == (report,)
    assert dispatched(story.error("d", "block.config_invalid")) == ["a"]


def test_a_template_that_leads_nowhere_fails_it() -> None:
    story = Story(delay("d", for_="{{ input.nothing }}"))
    (report,) = story.start({})
    assert isinstance(report, ReportError)
    assert report.error.code == "template.missing"
    assert end_of(story.error("d", "template.missing")).event == "failed"


def test_a_timer_that_fires_twice_counts_once() -> None:
    story = Story(delay("d", for_=5), block("a", "d"))
    story.start()
    story.fired("delay-d")
    assert story.fired("delay-d") == ()
    assert story.fired("delay-nothing") == ()
    assert story.again(0) == ()
    assert dispatched(story.again(1)) == ["a"]


def test_a_pause_holds_it_however_late_it_is() -> None:
    story = Story(delay("d", for_=5), block("a", "d"))
    story.start()
    story.pause()
    assert story.fired("delay-d") == ()
    assert story.statuses()["d"] == "waiting"
    assert dispatched(story.resume()) == ["a"]


def test_one_that_would_begin_during_a_pause_counts_from_its_end() -> None:
    story = Story(block("a"), delay("d", "a", for_=5))
    story.start()
    story.pause()
    assert story.output("a") == ()
    assert story.resume() == (SetTimer("delay-d", story.now + 5),)


def test_what_nobody_waited_for_any_more_is_over() -> None:
    story = Story(delay("d", for_=5))
    story.start()
    story.cancel()
    assert story.fired("delay-d") == ()
    assert story.statuses() == {"d": "cancelled"}


def test_one_that_a_pause_held_lies_where_its_time_came() -> None:
    story = Story(each(delay("d", for_=5)))
    story.start({"items": [1]})
    story.expanded("d", 1)
    story.pause()
    story.fired("delay-d/0")
    fired_at = story.events[-1].sequence
    story.reload()
    assert config_of(story.resume(), "d:collect") == {"results": [fired_at]}
