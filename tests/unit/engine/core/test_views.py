"""Views: a run and its tasks as people see them."""

import pytest
from support.story import Story, block, delay, each, group, loop, wait, when, workflow

from gnatwork_engine.core import run_summary
from gnatwork_engine.core.view import task_input, task_paths, task_view


def test_tasks_are_listed_in_the_order_of_the_definition_whatever_runs_first() -> None:
    blocks = (loop("l", block("x"), group("g", block("y"))), *when(block("b")), each(block("e")), block("z"))
    story = Story(*blocks)
    story.start({"items": [1]})
    story.expanded("e", 2)
    story.expanded("l", 2)
    story.output("l/1/x")
    assert task_paths(story.view) == [
        *("l", "l/0/x", "l/0/g", "l/0/g/y", "l/1/x", "l/1/g", "l/1/g/y"),
        *("b:when", "b", "e", "e/0", "e/1", "z"),
    ]


def test_lists_come_in_pages() -> None:
    story = Story(each(block("x")))
    story.start({"items": [1]})
    story.expanded("x", 4)
    assert task_paths(story.view, limit=2) == ["x", "x/0"]
    assert task_paths(story.view, after="x/0", limit=2) == ["x/1", "x/2"]
    assert task_paths(story.view, after="x/3") == []
    assert task_paths(story.view, after="nothing") == ["x", "x/0", "x/1", "x/2", "x/3"]


def test_iterations_that_are_over_can_still_be_seen() -> None:
    story = Story(loop("l", block("x", config={"n": "{{ index }}"}), concurrency=1), block("z", "l"))
    story.start({"items": [1]})
    story.expanded("l", 2)
    story.output("l/0/x", "A")
    story.output("l/1/x", "B")
    story.collected("l", ["A", "B"])
    assert task_paths(story.view) == ["l", "l/0/x", "l/1/x", "z"]
    view = task_view(story.view, "l/1/x")
    assert (view.block, view.status, view.output, view.input) == ("l/x", "completed", "B", {"n": 1})
    assert task_view(story.view, "l").output == ["A", "B"]


@pytest.mark.parametrize("path", ["nothing", "l/7/x", "l/0/x/y", "", "/", "l/", ":undo", "x:undo", ":on_failure/x"])
def test_there_is_no_task_of_another_path(path: str) -> None:
    story = Story(loop("l", block("x")))
    story.start({"items": [1]})
    story.expanded("l", 1)
    with pytest.raises(KeyError):
        task_view(story.view, path)
    assert task_input(story.view, path) is None


def test_the_summary_counts_tasks_by_block() -> None:
    inner = loop("l", block("x"), each(block("e"), "x", items=[1, 2]), wait("w"), concurrency=1)
    story = Story(inner, delay("d", for_=5), workflow("k"), block("z", "l"))
    story.start({"items": [1]})
    story.expanded("l", 2)
    story.output("l/0/x")
    story.expanded("l/0/e", 2)
    story.output("l/0/e/0")
    assert run_summary(story.run).blocks == {
        "l": {"running": 1},
        "l/x": {"completed": 1},
        "l/e": {"completed": 1, "queued": 1},
        "l/w": {"waiting": 1},
        "d": {"waiting": 1},
        "k": {"running": 1},
        "z": {"pending": 1},
    }


def test_where_there_are_very_many_blocks_they_are_counted_together() -> None:
    story = Story(*(block(f"b{number}") for number in range(501)), checked=False)
    story.start()
    story.output("b7")
    assert run_summary(story.run).blocks == {"*": {"queued": 500, "completed": 1}}


@pytest.mark.parametrize(
    ("status", "told"),
    [
        ("running", lambda story: story.output("a")),
        ("waiting", lambda story: (story.output("a"), story.output("b"))),
        ("paused", lambda story: story.pause()),
        ("completed", lambda story: (story.output("a"), story.output("b"), story.signal("w"), story.end())),
        ("cancelled", lambda story: (story.cancel(), story.end("cancelled"))),
    ],
)
def test_the_status_of_a_run(status: str, told: object) -> None:
    story = Story(block("a"), block("b"), wait("w"))
    story.start()
    told(story)  # type: ignore[operator]  # a function
    assert run_summary(story.run).status == status


def test_a_task_says_when_it_was_what() -> None:
    story = Story(block("a"), wait("w", "a"), block("b", "w"))
    story.start()
    story.output("a")
    story.signal("w", 7)
    a, w, b = (task_view(story.view, name) for name in ("a", "w", "b"))
    assert (a.queued_at, a.started_at, a.ended_at) == (1001.0, 1.0, 1002.0)
    assert (w.queued_at, w.started_at, w.ended_at, w.output) == (1002.0, 1002.0, 1003.0, 7)
    assert (b.queued_at, b.started_at, b.ended_at, b.attempts) == (1003.0, None, None, 1)


def test_a_task_that_never_began_has_no_input() -> None:
    story = Story(block("a"), block("b", "a.error", config={"x": "{{ a }}"}))
    story.start()
    story.output("a")
    assert (task_view(story.view, "b").status, task_view(story.view, "b").input) == ("skipped", None)
