"""Large loops and long scripts: an event costs as much at the end as at the beginning, and nothing is left behind."""

import sys
from collections.abc import Callable
from types import FrameType
from typing import Any

import pytest
from support.soundness import tasks_of
from support.story import Story, block, each, group, loop, script, step, undo, wait, workflow

from gnatwork_schemas.control_block import ControlledBlock
from gnatwork_schemas.definition import Retry

MANY: dict[str, Any] = {"max_iterations": 100_000}
Tell = Callable[[Story, int], Any]


def child(story: Story, index: int) -> None:
    number = index % 100
    story.child_started(f"x/{index}", number)
    story.child_ended(f"x/{index}", number=number)
    story.output(f"x/{index}:result")


def scarce(story: Story, index: int) -> None:
    story.granted("type", f"x/{index}")
    story.output(f"x/{index}")


def retried(story: Story, index: int) -> None:
    story.error(f"x/{index}", retryable=True)
    story.fired(f"retry-x/{index}-2")
    story.output(f"x/{index}", attempt=2)


def in_vain(story: Story, index: int) -> None:
    story.fired(f"wait-x/{index}")
    story.error(f"x/{index}", "wait.timeout")


def inner(story: Story, index: int) -> None:
    story.expanded(f"x/{index}/g/y", 1)
    story.output(f"x/{index}/g/y/0")
    story.collected(f"x/{index}/g/y")
    story.collected(f"x/{index}/g")


def asked(story: Story, index: int) -> None:
    story.port(f"x/{index}/:while", True)
    story.output(f"x/{index}/y")


def stepped(story: Story, index: int) -> None:
    story.sliced("x", step(), number=index)
    story.output(f"x/{index}")


#: What one iteration of `x` is, and what happens in it.
KINDS: dict[str, tuple[ControlledBlock, Tell]] = {
    "items": (each(block("x"), **MANY), lambda story, index: story.output(f"x/{index}")),
    "retries": (each(block("x", retry=Retry(max_attempts=2)), **MANY), retried),
    "children": (each(workflow("x"), **MANY), child),
    "signals": (each(wait("x", signal="go"), **MANY), lambda story, _: story.signal("go")),
    "in vain": (each(wait("x", timeout=5), on_item_error="continue", **MANY), in_vain),
    "slots": (each(block("x", type="scarce", type_concurrency=5), **MANY), scarce),
    "blocks": (loop("x", block("y"), **MANY), lambda story, index: story.output(f"x/{index}/y")),
    "nested": (loop("x", group("g", each(block("y"), items=[1])), **MANY), inner),
    "steps": (script("x"), stepped),
    "while": (loop("x", block("y"), over="while", **MANY), asked),
}


def calls(story: Story, tell: Tell, indexes: range) -> float:
    """Calls of functions per iteration."""
    count = 0

    def note(_: FrameType, event: str, __: object) -> None:
        nonlocal count
        count += event in {"call", "c_call"}

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        for index in indexes:
            tell(story, index)
    finally:
        sys.setprofile(before)
    return count / len(indexes)


def size(story: Story) -> tuple[int, ...]:
    """How much is in memory, but for what is one number per iteration."""
    run = story.run
    tasks = sum(1 for _ in tasks_of(run))
    return tasks, len(run.frames), len(run.caused), len(run.waiters), len(run.slots), len(run.signals), len(run.held)


@pytest.mark.parametrize("kind", KINDS)
def test_an_event_costs_the_same_early_and_late(kind: str) -> None:
    blocks, tell = KINDS[kind]
    story = Story(blocks, checked=False)
    story.start({"items": [1]})
    if kind != "while":
        story.expanded("x", 5_000)
    early, small = (
        calls(story, tell, range(100, 200)) if kind == "signals" else calls(story, tell, range(100)),
        size(story),
    )
    for index in range(100, 4_000):
        tell(story, index)
    late = calls(story, tell, range(4_000, 4_100))
    assert late <= 1.1 * early
    assert size(story) == small


def test_undoing_costs_the_same_early_and_late() -> None:
    story = Story(each(block("x", compensate=undo("x")), **MANY), block("z", "x"), checked=False)
    story.start({"items": [1]})
    story.expanded("x", 3_000)
    for index in range(3_000):
        story.output(f"x/{index}")
    story.collected("x")
    story.error("z")

    def undone(_: Story, index: int) -> None:
        story.output(f"x/{2_999 - index}:undo")

    early = calls(story, undone, range(100))
    for index in range(100, 2_900):
        undone(story, index)
    assert calls(story, undone, range(2_900, 2_999)) <= 1.1 * early
    assert sum(1 for _ in tasks_of(story.run)) <= 4
