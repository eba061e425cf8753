"""Why a run or a task does not go on, and what was undone."""

from support.story import Story, block, child_id, concurrency, delay, end_of, rate, undo, wait, workflow

from gnatwork_engine.core.explain import run_waits_for, undone
from gnatwork_engine.core.view import task_view
from gnatwork_schemas.status import WaitingFor


def test_a_run_waits_at_one_gate_after_the_other() -> None:
    story = Story(block("a"), rate_limit=rate(1, 60), concurrency=concurrency(1))
    story.start(at=5_000.0)
    assert run_waits_for(story.run) == WaitingFor(kind="at", at=5_000.0)
    story.fired("begin")
    assert run_waits_for(story.run) == WaitingFor(kind="rate")
    story.granted("rate")
    assert run_waits_for(story.run) == WaitingFor(kind="concurrency")
    story.granted("concurrency")
    assert run_waits_for(story.run) is None


def test_a_run_that_has_ended_waits_for_nothing() -> None:
    story = Story(block("a"), concurrency=concurrency(1))
    story.start()
    story.cancel()
    story.end()
    assert run_waits_for(story.run) is None


def test_tasks_say_what_they_wait_for() -> None:
    story = Story(
        delay("d", **{"for": "1m"}),
        wait("w", signal="go", timeout="1h"),
        workflow("c"),
        block("a", retry={"max_attempts": 2, "initial": 60.0, "jitter": 0.0}),
    )
    story.start()
    begun = story.now
    story.child_started("c")
    story.error("a", retryable=True)
    due = {name: task_view(story.view, name).waiting_for for name in ("d", "w", "c", "a")}
    assert due == {
        "d": WaitingFor(kind="time", at=begun + 60),
        "w": WaitingFor(kind="signal", at=begun + 3600, signal="go"),
        "c": WaitingFor(kind="child", run_id=child_id()),
        "a": WaitingFor(kind="retry", at=story.now + 60),
    }
    story.signal("go")
    assert task_view(story.view, "w").waiting_for is None


def test_a_task_says_whether_it_was_reused() -> None:
    story = Story(block("a"), block("b", "a"))
    story.retry("a")
    story.output("a")
    story.output("b")
    assert [task_view(story.view, name).reused for name in ("a", "b")] == [True, False]


def test_the_end_says_what_was_undone() -> None:
    story = Story(block("a", compensate=undo("a")), block("b", "a"))
    story.start()
    story.output("a")
    story.error("b")
    assert undone(story.run) is None
    end = end_of(story.output("a:undo"))
    story.tell(end.event, end.body)
    told = undone(story.run)
    assert told is not None
    assert (told.compensated, told.failures) == (1, 0)
