"""Loops of blocks and groups: scopes within scopes."""

import pytest
from support.story import Story, block, condition, config_of, delay, dispatched, each, end_of, group, loop, wait

ITEMS = {"items": [1, 2, 3]}


def test_each_iteration_runs_all_blocks() -> None:
    story = Story(loop("l", block("x"), block("y", "x"), concurrency=2))
    story.start(ITEMS)
    assert dispatched(story.expanded("l", 3)) == ["l/0/x", "l/1/x"]
    assert dispatched(story.output("l/1/x")) == ["l/1/y"]
    assert dispatched(story.output("l/1/y")) == ["l/2/x"]
    assert dispatched(story.output("l/0/x")) == ["l/0/y"]


def test_templates_see_the_scopes_around_them() -> None:
    config = {"own": "{{ y }}", "number": "{{ index }}", "out": "{{ outer.a }}", "in": "{{ input.n }}"}
    story = Story(block("a"), loop("l", block("y"), block("x", "y", config=config), needs=["a"], items=[1]))
    story.start({"n": 1})
    story.output("a", "A")
    story.expanded("l", 2)
    assert config_of(story.output("l/1/y", "Y"), "l/1/x") == {"own": "Y", "number": 1, "out": "A", "in": 1}


def test_an_iteration_yields_what_nothing_inside_depends_on() -> None:
    story = Story(loop("l", block("x"), block("y", "x"), block("z", "x.error"), block("q")))
    story.start(ITEMS)
    story.expanded("l", 1)
    story.output("l/0/q")
    story.output("l/0/x")
    actions = story.output("l/0/y")
    q, _, y = (event.sequence for event in story.events[2:])
    assert config_of(actions, "l:collect") == {"results": [{"y": y, "q": q}]}


def test_a_failing_iteration_fails_the_loop_or_yields_its_error() -> None:
    fails = Story(loop("l", block("x"), block("y", "x"), concurrency=1))
    fails.start(ITEMS)
    fails.expanded("l", 2)
    assert end_of(fails.error("l/0/x", "boom")).body.model_dump()["error"]["task"] == "l/0/x"
    goes_on = Story(loop("l", block("x"), block("y", "x"), concurrency=1, on_item_error="continue"))
    goes_on.start(ITEMS)
    goes_on.expanded("l", 2)
    assert dispatched(goes_on.error("l/0/x")) == ["l/1/x"]
    goes_on.output("l/1/x")
    actions = goes_on.output("l/1/y")
    failed_at, completed_at = goes_on.events[2].sequence, goes_on.events[4].sequence
    assert config_of(actions, "l:collect") == {"results": [failed_at, {"y": completed_at}]}


def test_branches_inside_an_iteration() -> None:
    story = Story(loop("l", condition("ask"), block("yes", "ask.true"), block("no", "ask.false")))
    story.start(ITEMS)
    story.expanded("l", 2)
    assert dispatched(story.port("l/0/ask", True)) == ["l/0/yes"]
    assert dispatched(story.port("l/1/ask", False)) == ["l/1/no"]
    story.output("l/0/yes")
    actions = story.output("l/1/no")
    yes, no = (event.sequence for event in story.events[4:])
    assert config_of(actions, "l:collect") == {"results": [{"yes": yes}, {"no": no}]}


def test_a_group_is_a_scope_that_runs_once() -> None:
    story = Story(block("a"), group("g", block("x", config={"a": "{{ outer.a }}"}), block("y"), needs=["a"]))
    story.start()
    actions = story.output("a", 1)
    assert dispatched(actions) == ["g/x", "g/y"]
    assert config_of(actions, "g/x") == {"a": 1}
    story.output("g/y")
    actions = story.output("g/x")
    y, x = (event.sequence for event in story.events[2:])
    assert config_of(actions, "g:collect") == {"results": {"x": x, "y": y}}
    assert end_of(story.collected("g", {"x": 1, "y": 2})).body.model_dump()["output"] == {"g": {"x": 1, "y": 2}}


def test_the_error_that_a_group_handles_is_seen_inside() -> None:
    story = Story(block("a"), group("g", block("x", config={"why": "{{ outer.error.code }}"}), needs=["a.error"]))
    story.start()
    assert config_of(story.error("a", "boom"), "g/x") == {"why": "boom"}


def test_loops_within_loops() -> None:
    inside = each(block("x", config={"i": "{{ index }}", "j": "{{ outer.index }}"}), items="{{ item }}", concurrency=1)
    story = Story(loop("l", inside, concurrency=1))
    story.start({"items": [[1, 2], []]})
    actions = story.expanded("l", 2)
    assert dispatched(actions) == ["l/0/x:expand"]
    assert config_of(story.expanded("l/0/x", 2), "l/0/x/0") == {"i": 0, "j": 0}
    assert config_of(story.output("l/0/x/0"), "l/0/x/1") == {"i": 1, "j": 0}
    assert dispatched(story.output("l/0/x/1")) == ["l/0/x:collect"]
    assert dispatched(story.collected("l/0/x", [1, 2])) == ["l/1/x:expand"]
    assert dispatched(story.expanded("l/1/x", 0)) == ["l/1/x:collect"]
    actions = story.collected("l/1/x", [])
    assert config_of(actions, "l:collect") == {
        "results": [{"x": story.events[5].sequence}, {"x": story.events[7].sequence}]
    }


def test_eight_scopes_deep() -> None:
    innermost = block("x")
    for depth in range(8):
        innermost = group("g", innermost) if depth % 2 else loop("l", innermost, items=[1])
    story = Story(innermost)
    story.start()
    path = ""
    for depth in range(8):
        if depth % 2:
            story.expanded(f"{path}l", 1)
        path += "l/0/" if depth % 2 else "g/"
    story.reload()
    actions = story.output(f"{path}x", 1)
    assert dispatched(actions) == [f"{path.removesuffix('/0/')}:collect"]


@pytest.mark.parametrize("count", [1, 300])
def test_iterations_that_end_at_once_are_no_burden(count: int) -> None:
    story = Story(loop("l", delay("d", for_=0), delay("e", "d", for_=0), concurrency=3))
    story.start(ITEMS)
    assert config_of(story.expanded("l", count), "l:collect") == {"results": [{"e": None}] * count}


def test_ten_thousand_signals_that_came_early_are_taken_at_once() -> None:
    story = Story(loop("l", wait("w", signal="go"), concurrency=1), checked=False)
    story.start(ITEMS)
    for number in range(10_100):
        story.signal("go", number)
    assert story.run.kept_signals == 10_000
    (collect,) = story.expanded("l", 10_000)
    assert len(collect.config["results"]) == 10_000  # type: ignore[union-attr]  # a dispatch
    assert story.run.signals == {}
    assert story.run.kept_signals == 0


def test_an_iteration_with_a_block_that_goes_on_in_spite_of_its_error() -> None:
    story = Story(loop("l", block("x", on_error="continue"), block("y", "x", config={"why": "{{ x.error.code }}"})))
    story.start(ITEMS)
    story.expanded("l", 1)
    assert config_of(story.error("l/0/x", "boom"), "l/0/y") == {"why": "boom"}


def test_repeated_events_of_an_iteration_call_for_what_is_open() -> None:
    story = Story(loop("l", block("x"), block("y", "x"), concurrency=2))
    story.start(ITEMS)
    story.expanded("l", 2)
    story.output("l/0/x")
    assert dispatched(story.again(1)) == ["l/1/x"]
    assert dispatched(story.again(2)) == ["l/0/y"]
    assert story.again(0) == ()
