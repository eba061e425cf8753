"""Retries of whole runs: what was done in the run before need not be done again."""

from support.story import (
    Story,
    block,
    child_id,
    condition,
    config_of,
    delay,
    dispatched,
    each,
    end_of,
    group,
    loop,
    undo,
    wait,
    workflow,
)

from gnatwork_engine.core import apply
from gnatwork_engine.core.actions import Dispatch, SetTimer
from gnatwork_engine.core.view import completed_tasks
from gnatwork_schemas.definition import Retry
from gnatwork_schemas.messages import Start


def test_a_task_that_was_done_only_fetches_its_output() -> None:
    story = Story(
        block("a", config={"x": "{{ input.x }}"}, type_concurrency=1), block("b", "a", config={"a": "{{ a }}"})
    )
    (dispatch,) = story.retry("a", value={"x": 1})
    assert isinstance(dispatch, Dispatch)
    assert (dispatch.task, dispatch.type) == ("a", "reuse")
    assert dispatch.config == {"run_id": child_id(99), "sequence": 70}
    assert config_of(story.output("a", 7), "b") == {"a": 7}


def test_so_it_goes_on_where_the_run_before_failed() -> None:
    story = Story(block("a"), block("b", "a"), block("c", "b"))
    assert story.retry("a", "b")[0].config["sequence"] == 70  # type: ignore[union-attr]  # a dispatch
    (dispatch,) = story.output("a")
    assert isinstance(dispatch, Dispatch)
    assert (dispatch.type, dispatch.config["sequence"]) == ("reuse", 71)
    (dispatch,) = story.output("b")
    assert isinstance(dispatch, Dispatch)
    assert (dispatch.task, dispatch.type) == ("c", "noop")


def test_a_route_that_was_taken_is_taken_again() -> None:
    story = Story(condition("ask"), block("yes", "ask.true"), block("no", "ask.false"))
    story.retry("ask")
    assert dispatched(story.port("ask", False)) == ["no"]


def test_whole_loops_groups_waits_and_child_runs_are_done_at_once() -> None:
    blocks = (loop("l", block("x")), group("g", block("x")), wait("w"), delay("d", for_=9), workflow("c"))
    story = Story(*blocks, each(block("e")))
    actions = story.retry("l", "g", "w", "d", "c", "e", value={"items": [1]})
    assert [one.type for one in actions if isinstance(one, Dispatch)] == ["reuse"] * 6
    for name in "lgwdc":
        story.output(name, name)
    end = end_of(story.output("e", [1]))
    assert end.body.model_dump()["output"] == {"l": "l", "g": "g", "w": "w", "d": "d", "c": "c", "e": [1]}


def test_of_a_loop_that_was_under_way_each_item_that_was_done() -> None:
    story = Story(each(block("x"), concurrency=2), loop("l", block("y"), block("z", "y")))
    story.retry("x/1", "l/0/y", value={"items": [1]})
    types = {one.task: one.type for one in story.expanded("x", 2) if isinstance(one, Dispatch)}
    assert types == {"x/0": "noop", "x/1": "reuse"}
    (dispatch,) = story.expanded("l", 1)
    assert isinstance(dispatch, Dispatch)
    assert (dispatch.task, dispatch.type) == ("l/0/y", "reuse")
    (dispatch,) = story.output("l/0/y")
    assert isinstance(dispatch, Dispatch)
    assert (dispatch.task, dispatch.type) == ("l/0/z", "noop")


def test_fetching_is_tried_again_however_the_block_may_be() -> None:
    story = Story(block("a"), loop("l", block("x")))
    story.retry("a", "l", value={"items": []})
    for name in ("a", "l"):
        (timer,) = story.error(name, "unavailable", retryable=True)
        assert isinstance(timer, SetTimer)
        (_, dispatch) = story.fired(f"retry-{name}-2")
        assert isinstance(dispatch, Dispatch)
        assert (dispatch.type, dispatch.attempt) == ("reuse", 2)


def test_an_output_that_is_gone_fails_the_task() -> None:
    story = Story(block("a"))
    story.retry("a")
    assert end_of(story.error("a", "run.not_found")).event == "failed"


def test_what_is_reused_is_undone_if_this_run_fails_too() -> None:
    story = Story(block("a", compensate=undo("a", config={"id": "{{ a.id }}"})), block("b", "a"))
    story.retry("a")
    story.output("a", {"id": 3})
    assert config_of(story.error("b"), "a:undo") == {"id": 3}


def test_a_pause_holds_it_like_any_other() -> None:
    story = Story(block("a"), block("b", "a"))
    story.retry("a", "b")
    story.pause()
    story.output("a")
    story.reload()
    (dispatch,) = story.resume()
    assert isinstance(dispatch, Dispatch)
    assert dispatch.type == "reuse"


def test_what_is_too_long_for_the_start_is_told_beside_it() -> None:
    story = Story(block("a"), checked=False)
    event = story.event("start", Start(run_id=child_id(1), workflow="story", control_block="sha256-0"))
    state = apply(story.plan, None, event, {"a": 7})
    assert state.root.tasks["a"].reused


def test_done_is_what_completed_without_an_error() -> None:
    story = Story(
        block("a"),
        block("b", on_error="continue"),
        block("c", "a.error"),
        each(block("x")),
        loop("l", block("y"), block("z", "y")),
        group("g", block("q")),
        delay("d", for_=5),
        wait("w"),
        workflow("k"),
        block("f", "k"),
    )
    story.start({"items": [1]})
    story.output("a")
    story.error("b")
    story.expanded("x", 2)
    story.output("x/1")
    story.expanded("l", 1)
    story.output("l/0/y")
    story.output("g/q")
    story.collected("g")
    story.fired("delay-d")
    story.signal("w")
    story.child_started("k")
    story.child_ended("k")
    story.output("k:result")
    of = {event.name: event.sequence for event in story.events}
    assert completed_tasks(story.view) == {
        "a": of["block.a.output"],
        "x/1": of["block.x/1.output"],
        "l/0/y": of["block.l/0/y.output"],
        "g": of["block.g:collect.output"],
        "d": of["timer.delay-d.fired"],
        "w": of["signal.w"],
        "k": of["block.k:result.output"],
    }


def test_what_followed_from_an_error_is_not_done() -> None:
    story = Story(
        block("a", on_error="continue"),
        block("b", "a"),
        block("c", "b"),
        block("d"),
        block("h", "d.error"),
        block("e"),
        block("z", "e", "c"),
    )
    story.start()
    for name in ("a", "d"):
        story.error(name)
    for name in ("b", "h", "e", "c"):
        story.output(name)
    story.error("z")
    assert completed_tasks(story.view).keys() == {"e"}


def test_nor_inside_an_iteration() -> None:
    story = Story(loop("l", block("x", on_error="continue"), block("y", "x"), block("q"), block("z", "y", "q")))
    story.start({"items": [1]})
    story.expanded("l", 1)
    story.error("l/0/x")
    story.output("l/0/y")
    story.output("l/0/q")
    story.error("l/0/z")
    assert completed_tasks(story.view).keys() == {"l/0/q"}


def test_of_a_while_nothing_after_an_iteration_with_an_error_is_done() -> None:
    story = Story(loop("l", block("x"), block("y"), over="while", on_item_error="continue"))
    story.start()
    for index in range(3):
        story.port(f"l/{index}/:while", True)
        story.output(f"l/{index}/x")
        if index == 1:
            story.error(f"l/{index}/y")
        else:
            story.output(f"l/{index}/y")
    story.error("l/3/:while", "code.error")
    assert completed_tasks(story.view).keys() == {"l/0/x", "l/0/y", "l/1/x"}


def test_a_retried_attempt_is_no_error() -> None:
    story = Story(block("a", retry=Retry(max_attempts=2)), block("b", "a"), block("z", "b"))
    story.start()
    story.error("a", retryable=True)
    story.fired("retry-a-2")
    story.output("a", attempt=2)
    story.output("b")
    story.error("z")
    assert completed_tasks(story.view).keys() == {"a", "b"}
