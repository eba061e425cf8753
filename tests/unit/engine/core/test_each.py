"""`for_each` and loops over items: in order, so many at once, and what becomes of one that fails."""

import pytest
from support.story import Story, block, config_of, delay, dispatched, each, end_of, loop, wait, workflow

from gnatwork_engine.core.actions import Dispatch, ReportError, SetTimer
from gnatwork_schemas.definition import Retry

ITEMS = {"items": [1, 2, 3]}
TWICE = Retry(max_attempts=2, initial=1, jitter=0)


def begun(story: Story, name: str, count: int) -> tuple[str, ...]:
    """A loop over so many items begins."""
    story.start(ITEMS)
    return tuple(dispatched(story.expanded(name, count)))


def test_first_the_items_are_stored() -> None:
    story = Story(each(block("x"), max_iterations=7))
    (dispatch,) = story.start(ITEMS)
    assert isinstance(dispatch, Dispatch)
    assert (dispatch.task, dispatch.type) == ("x:expand", "expand")
    assert dispatch.config == {"items": [1, 2, 3], "max": 7}


def test_so_many_items_run_at_once_in_order() -> None:
    story = Story(each(block("x"), concurrency=2))
    assert begun(story, "x", 4) == ("x/0", "x/1")
    assert dispatched(story.output("x/1")) == ["x/2"]
    assert dispatched(story.output("x/2")) == ["x/3"]
    assert story.output("x/0") == ()
    assert dispatched(story.output("x/3")) == ["x:collect"]


def test_an_item_sees_itself_its_number_and_what_is_around_it() -> None:
    config = {"one": "{{ item.name }}", "number": "{{ index }}", "other": "{{ outer.a.n }}"}
    story = Story(block("a"), each(block("x", config=config), "a", items="{{ a.items }}"))
    story.start()
    story.output("a", {"n": 7, "items": [1, 2]})
    actions = story.expanded("x", 2)
    assert config_of(actions, "x/1") | {"one": None} == {"one": None, "number": 1, "other": 7}
    dispatch = actions[1]
    assert isinstance(dispatch, Dispatch)
    assert dispatch.deferred == ("/one",)
    assert dispatch.config["one"]["values"] == {"item": {"$item": {"id": "items", "page": 0, "at": 1}}}


def test_results_are_gathered_in_the_order_of_the_items() -> None:
    story = Story(each(block("x")), block("y", "x", config={"all": "{{ x }}"}))
    begun(story, "x", 3)
    for index in (2, 0, 1):
        actions = story.output(f"x/{index}", index)
    by_index = [story.events[position].sequence for position in (3, 4, 2)]
    assert config_of(actions, "x:collect") == {"results": by_index}
    assert config_of(story.collected("x", [0, 1, 2]), "y") == {"all": [0, 1, 2]}


@pytest.mark.parametrize("name", ["x", "l"])
def test_without_items_there_is_nothing_but_an_empty_array(name: str) -> None:
    story = Story(each(block("x")) if name == "x" else loop("l", block("x")))
    story.start({"items": []})
    assert config_of(story.expanded(name, 0), f"{name}:collect") == {"results": []}
    assert end_of(story.collected(name, [])).body.model_dump()["output"] == {name: []}


def test_an_item_that_fails_fails_the_loop_when_what_runs_is_done() -> None:
    story = Story(each(block("x"), concurrency=2))
    begun(story, "x", 4)
    assert story.error("x/0", "boom") == ()
    end = end_of(story.output("x/1"))
    assert (end.body.model_dump()["error"]["code"], end.body.model_dump()["error"]["task"]) == ("boom", "x/0")
    assert story.statuses() == {"x": "failed"}
    assert story.run.finished == {"x": {"failed": 1, "completed": 1}}


def test_or_its_error_stands_in_the_place_of_its_output() -> None:
    story = Story(each(block("x"), on_item_error="continue", concurrency=1))
    begun(story, "x", 2)
    assert dispatched(story.error("x/0", "boom")) == ["x/1"]
    actions = story.output("x/1")
    assert config_of(actions, "x:collect") == {"results": [event.sequence for event in story.events[2:]]}
    assert end_of(story.collected("x", [{"error": {}}, 1])).event == "complete"


def test_a_loop_that_fails_may_be_caught_or_go_on() -> None:
    caught = Story(each(block("x")), block("b", "x.error", config={"who": "{{ error.task }}"}))
    begun(caught, "x", 1)
    assert config_of(caught.error("x/0"), "b") == {"who": "x/0"}
    goes_on = Story(each(block("x"), on_error="continue"), block("b", "x", config={"why": "{{ x.error.code }}"}))
    begun(goes_on, "x", 1)
    assert config_of(goes_on.error("x/0", "boom"), "b") == {"why": "boom"}


def test_an_item_is_tried_again_by_itself() -> None:
    story = Story(each(block("x", retry=TWICE), concurrency=1))
    begun(story, "x", 2)
    assert story.error("x/0", retryable=True) == (SetTimer("retry-x/0-2", story.now + 1),)
    assert dispatched(story.fired("retry-x/0-2")) == ["x/0"]
    assert story.output("x/0", attempt=1) == ()
    assert dispatched(story.output("x/0", attempt=2)) == ["x/1"]


def test_when_another_item_fails_one_that_waits_for_its_retry_has_failed_too() -> None:
    story = Story(each(block("x", retry=TWICE), concurrency=2))
    begun(story, "x", 3)
    story.error("x/0", "passing", retryable=True)
    end = end_of(story.error("x/1", "final"))
    assert end.body.model_dump()["error"]["code"] == "final"
    assert story.fired("retry-x/0-2") == ()


@pytest.mark.parametrize(
    ("code", "retryable"), [("loop.not_an_array", False), ("loop.too_many", False), ("executor.lost", True)]
)
def test_items_that_can_not_be_stored_fail_the_loop(code: str, retryable: bool) -> None:
    story = Story(each(block("x")), block("b", "x.error", config={"why": "{{ error.code }}"}))
    story.start({"items": 7})
    if retryable:
        (timer,) = story.error("x:expand", code, retryable=True)
        assert isinstance(timer, SetTimer)
        story.fired("retry-x:expand-2")
    actions = story.error("x:expand", code, attempt=2 if retryable else 1)
    assert config_of(actions, "b") == {"why": code}
    assert story.statuses()["x"] == "failed"


def test_a_template_that_leads_nowhere_is_the_error_of_the_step() -> None:
    story = Story(each(block("x")))
    (report,) = story.start({})
    assert isinstance(report, ReportError)
    assert (report.task, report.error.code) == ("x:expand", "template.missing")
    assert end_of(story.error("x:expand", "template.missing")).event == "failed"


@pytest.mark.parametrize("output", [None, {}, {"items": {"id": "i", "count": -1, "page_size": 1}}, "x"])
def test_a_step_that_yields_something_odd_is_reported(output: object) -> None:
    story = Story(each(block("x")))
    story.start(ITEMS)
    (report,) = story.output("x:expand", output)
    assert isinstance(report, ReportError)
    assert (report.task, report.attempt, report.error.code) == ("x", 1, "message.invalid")
    assert end_of(story.error("x", "message.invalid")).event == "failed"


def test_more_items_than_there_may_be_are_not_begun() -> None:
    story = Story(loop("l", block("x"), max_iterations=2))
    story.start(ITEMS)
    (report,) = story.expanded("l", 1_000_000_000_000)
    assert isinstance(report, ReportError)
    assert report.error.code == "loop.too_many"
    assert end_of(story.error("l", "loop.too_many")).event == "failed"


def test_results_that_can_not_be_gathered_fail_the_loop() -> None:
    story = Story(each(block("x")))
    begun(story, "x", 1)
    story.output("x/0")
    assert end_of(story.error("x:collect", "payload.too_large")).event == "failed"


def test_items_of_delays_that_are_over_at_once_are_no_burden() -> None:
    story = Story(each(delay("d", for_=0), concurrency=2))
    story.start(ITEMS)
    assert config_of(story.expanded("d", 500), "d:collect") == {"results": [None] * 500}


def test_items_that_wait_are_served_in_order() -> None:
    story = Story(each(wait("w", signal="go"), concurrency=2))
    story.start(ITEMS)
    assert story.expanded("w", 3) == ()
    story.signal("go", 1)
    assert list(story.run.waiters["go"]) == ["w/1", "w/2"]


def test_items_that_are_child_runs_leave_nothing_behind() -> None:
    story = Story(each(workflow("w"), concurrency=1))
    story.start(ITEMS)
    for index in range(3):
        assert story.running() == [f"w/{index}:start"] if index else story.expanded("w", 3)
        story.child_started(f"w/{index}", index)
        assert dispatched(story.child_ended(f"w/{index}", number=index)) == [f"w/{index}:result"]
        story.output(f"w/{index}:result", index)
    assert story.running() == ["w:collect"]
    assert story.run.frames["w"].tasks == {}


def test_an_outcome_of_an_item_that_is_over_changes_nothing() -> None:
    story = Story(each(block("x"), concurrency=1))
    begun(story, "x", 2)
    story.output("x/0")
    assert story.output("x/0") == ()
    assert story.error("x/0") == ()
    assert story.output("x/7") == ()
    assert dispatched(story.output("x/1")) == ["x:collect"]


def test_a_finished_loop_leaves_nothing_behind() -> None:
    story = Story(each(block("x")), loop("l", block("y"), needs=["x"]), block("z", "l"))
    begun(story, "x", 2)
    story.output("x/0")
    story.output("x/1")
    story.collected("x", [1, 2])
    story.expanded("l", 2)
    story.output("l/0/y")
    story.output("l/1/y")
    story.collected("l", [1, 2])
    assert set(story.run.frames) == {""}
    assert set(story.run.root.tasks) == {"x", "l", "z"}
    assert story.run.finished == {"x": {"completed": 2}, "l/y": {"completed": 2}}
