"""`wait`: a person or a program has something to say."""

import pytest
from support.story import Story, block, config_of, dispatched, each, end_of, loop, wait

from gnatwork_engine.core import run_summary
from gnatwork_engine.core.actions import Dispatch, ReportError, SetTimer

LARGE = {"$payload": {"id": "p1", "size": 100_000, "type": "application/json", "digest": "sha256:00"}}


def test_what_is_said_is_its_output() -> None:
    story = Story(wait("w", signal="go"), block("a", "w", config={"said": "{{ w.word }}"}))
    assert story.start() == ()
    assert run_summary(story.run).status == "waiting"
    assert config_of(story.signal("go", {"word": "yes"}), "a") == {"said": "yes"}


def test_its_own_id_is_the_name_of_the_signal_if_none_is_given() -> None:
    story = Story(wait("approval"), block("a", "approval"))
    story.start()
    assert story.signal("other") == ()
    assert dispatched(story.signal("approval")) == ["a"]


def test_a_signal_may_come_early() -> None:
    story = Story(block("a"), wait("w", "a", signal="go"), block("b", "w", config={"said": "{{ w }}"}))
    story.start()
    story.signal("go", 1)
    story.signal("go", 2)
    assert config_of(story.output("a"), "b") == {"said": 1}
    assert story.run.kept_signals == 1


def test_a_signal_is_for_one_who_waits_the_first() -> None:
    story = Story(wait("v", signal="go"), wait("w", signal="go"), block("a", "v"), block("b", "w"))
    story.start()
    assert dispatched(story.signal("go")) == ["a"]
    assert dispatched(story.signal("go")) == ["b"]
    assert story.signal("go") == ()
    assert story.run.kept_signals == 1


def test_it_may_have_enough_of_waiting() -> None:
    story = Story(wait("w", signal="go", timeout="1h"), block("a", "w.error", config={"why": "{{ error.code }}"}))
    assert story.start() == (SetTimer("wait-w", story.now + 3600),)
    (report,) = story.fired("wait-w")
    assert isinstance(report, ReportError)
    assert (report.task, report.attempt, report.error.code) == ("w", 1, "wait.timeout")
    assert story.again(0) == ()
    assert story.again(1) == (report,)
    assert config_of(story.error("w", "wait.timeout"), "a") == {"why": "wait.timeout"}


def test_what_is_said_after_that_is_kept_for_another() -> None:
    story = Story(wait("w", signal="go", timeout="1h"), wait("v", "w.error", signal="go"), block("a", "v"))
    story.start()
    story.fired("wait-w")
    assert story.signal("go", 1) == ()
    assert story.statuses()["w"] == "waiting"
    assert dispatched(story.error("w", "wait.timeout")) == ["a"]


def test_what_is_said_in_time_makes_the_timer_vain() -> None:
    story = Story(wait("w", signal="go", timeout=5), block("a", "w"))
    story.start()
    story.signal("go")
    assert story.fired("wait-w") == ()
    assert end_of(story.output("a")).event == "complete"


def test_who_has_waited_in_vain_is_not_in_the_way_of_the_next() -> None:
    story = Story(wait("v", signal="go", timeout=5), wait("w", signal="go"), block("a", "w"), block("b", "v.error"))
    story.start()
    story.fired("wait-v")
    story.error("v", "wait.timeout")
    assert dispatched(story.signal("go")) == ["a"]


def test_its_name_may_be_a_template() -> None:
    story = Story(wait("w", signal="order-{{ input.id }}"), block("a", "w"))
    story.start({"id": 7})
    assert dispatched(story.signal("order-7")) == ["a"]


@pytest.mark.parametrize("name", ["Not a name", "", 7, None, ["go"]])
def test_what_is_no_name_fails_it(name: object) -> None:
    story = Story(wait("w", signal="{{ input }}"))
    (report,) = story.start(name)
    assert isinstance(report, ReportError)
    assert report.error.code == "block.config_invalid"
    end_of(story.error("w", "block.config_invalid"))


def test_an_executor_reads_what_is_too_large_for_us() -> None:
    story = Story(wait("w", signal="{{ input }}", timeout=5), block("a", "w"))
    (dispatch,) = story.start(LARGE)
    assert isinstance(dispatch, Dispatch)
    assert (dispatch.task, dispatch.type, dispatch.deferred) == ("w:render", "render", ("/signal",))
    assert run_summary(story.run).status == "running"
    assert story.output("w:render", {"signal": "go", "timeout": 5}) == (SetTimer("wait-w", story.now + 5),)
    assert run_summary(story.run).status == "waiting"
    assert dispatched(story.signal("go")) == ["a"]


def test_who_can_not_read_it_fails_it() -> None:
    story = Story(wait("w", signal="{{ input }}"), block("a", "w.error"))
    story.start(LARGE)
    (timer,) = story.error("w:render", "executor.lost", retryable=True)
    assert isinstance(timer, SetTimer)
    assert dispatched(story.fired("retry-w:render-2")) == ["w:render"]
    assert dispatched(story.error("w:render", "payload.missing", attempt=2)) == ["a"]


def test_a_signal_that_came_early_is_taken_once_its_name_is_known() -> None:
    story = Story(wait("w", signal="{{ input }}"), block("a", "w"))
    story.start(LARGE)
    story.signal("go", 1)
    assert dispatched(story.output("w:render", {"signal": "go"})) == ["a"]


def test_waits_in_a_loop_are_served_in_the_order_in_which_they_began() -> None:
    story = Story(loop("l", wait("w", signal="go"), block("x", "w", config={"said": "{{ w }}"}), concurrency=3))
    story.start({"items": [1]})
    story.expanded("l", 3)
    assert config_of(story.signal("go", "one"), "l/0/x") == {"said": "one"}
    story.reload()
    assert config_of(story.signal("go", "two"), "l/1/x") == {"said": "two"}
    assert config_of(story.signal("go", "three"), "l/2/x") == {"said": "three"}


def test_waits_of_items_with_names_of_their_own() -> None:
    story = Story(each(wait("w", signal="go-{{ index }}"), concurrency=3))
    story.start({"items": [1]})
    story.expanded("w", 3)
    story.signal("go-2", "two")
    assert set(story.run.waiters) == {"go-0", "go-1"}
    story.signal("go-0")
    actions = story.signal("go-1")
    zero, one, two = (story.events[position].sequence for position in (3, 4, 2))
    assert config_of(actions, "w:collect") == {"results": [zero, one, two]}


def test_waits_that_end_in_vain_leave_nothing_behind() -> None:
    story = Story(each(wait("w", timeout=5), concurrency=1, on_item_error="continue"))
    story.start({"items": [1]})
    story.expanded("w", 3)
    for index in range(3):
        story.fired(f"wait-w/{index}")
        story.error(f"w/{index}", "wait.timeout")
    assert story.running() == ["w:collect"]
    assert story.run.waiters == {}


def test_what_is_said_before_the_run_begins_is_kept() -> None:
    story = Story(wait("w"), block("a", "w"))
    story.start(at=2_000.0)
    story.signal("w", 1)
    assert dispatched(story.fired("begin")) == ["a"]


def test_only_so_many_signals_are_kept_whatever_their_names() -> None:
    story = Story(block("a"), checked=False)
    story.start()
    for number in range(10_050):
        story.signal(f"s{number}")
    assert story.run.kept_signals == len(story.run.signals) == 10_000


def test_a_run_that_is_paused_hears_but_does_not_go_on() -> None:
    story = Story(wait("w"), block("a", "w"))
    story.start()
    story.pause()
    assert story.signal("w", 1) == ()
    assert story.statuses() == {"w": "completed", "a": "queued"}
    assert dispatched(story.resume()) == ["a"]
