"""Ends: what a run yields, and what stops it."""

from support.story import Story, block

from gnatwork_engine.core import run_summary
from gnatwork_engine.core.actions import Dispatch, DropTimers, End, ReportError, Retire, SetTimer, StopWork
from gnatwork_engine.core.view import task_paths, task_view
from gnatwork_schemas.messages import Complete

REFERENCE = {"$payload": {"id": "p1", "size": 100_000, "type": "application/json", "digest": "sha256:00"}}


def yielded(story: Story) -> Complete:
    closing = story.run.closing
    assert closing
    assert isinstance(closing.body, Complete)
    return closing.body


def test_without_an_output_a_run_yields_what_nothing_depends_on() -> None:
    story = Story(block("a"), block("b", "a"), block("c"))
    story.start()
    for task in ("a", "b", "c"):
        story.output(task, task.upper())
    assert yielded(story).output == {"b": "B", "c": "C"}


def test_the_response_comes_before_that() -> None:
    story = Story(block("a"), block("r", responds=True))
    story.start()
    story.output("a", 1)
    story.output("r", {"status": 200, "headers": {}, "body": {"ok": True}})
    assert yielded(story).output == {"ok": True}


def test_an_output_of_the_definition_comes_first() -> None:
    story = Story(block("a"), output="{{ a.n }}")
    story.start()
    story.output("a", {"n": 7})
    assert yielded(story).output == 7


def test_an_output_that_leads_nowhere_fails_the_run() -> None:
    story = Story(block("a"), output="{{ a.nothing }}")
    story.start()
    (end,) = story.output("a", {"n": 7})
    assert isinstance(end, End)
    assert end.event == "failed"
    assert end.body.model_dump()["error"]["code"] == "template.missing"


def test_a_stored_value_stays_unread() -> None:
    story = Story(block("a"), block("b", "a", config={"text": "{{ a.body }}"}))
    story.start()
    (dispatch,) = story.output("a", REFERENCE)
    assert isinstance(dispatch, Dispatch)
    assert dispatch.deferred == ("/text",)
    story.output("b", REFERENCE)
    assert yielded(story).deferred == ("/b",)


def test_a_template_that_leads_nowhere_is_the_tasks_error() -> None:
    story = Story(block("a"), block("b", "a", config={"x": "{{ a.nothing }}"}))
    story.start()
    (report,) = story.output("a", {})
    assert isinstance(report, ReportError)
    assert (report.task, report.attempt, report.error.code) == ("b", 1, "template.missing")


def test_cancel_stops_everything() -> None:
    story = Story(block("a"), block("b", "a"))
    story.start()
    stop, end = story.cancel("enough")
    assert isinstance(stop, StopWork)
    assert isinstance(end, End)
    assert (end.event, end.body.model_dump()["reason"]) == ("cancelled", "enough")
    assert story.output("a") == ()
    assert story.end("cancelled") == (StopWork(), Retire(None))
    assert run_summary(story.run).status == "cancelled"
    assert story.statuses() == {"a": "cancelled", "b": "cancelled"}


def test_a_run_bound_for_its_end_can_not_be_cancelled() -> None:
    story = Story(block("a"))
    story.start()
    story.output("a")
    assert story.cancel() == ()
    story.end("complete")
    assert run_summary(story.run).status == "completed"


def test_the_run_timeout_is_a_timer_of_the_server() -> None:
    story = Story(block("a"), timeout=30)
    _, timer = story.start()
    assert timer == SetTimer("timeout", story.run.created_at + 30)
    stop, end = story.fired("timeout")
    assert isinstance(stop, StopWork)
    assert isinstance(end, End)
    assert end.event == "timed_out"


def test_an_end_drops_the_timer() -> None:
    story = Story(block("a"), timeout=30)
    story.start()
    story.output("a")
    assert story.end() == (DropTimers(), Retire(None))


def test_the_first_end_counts() -> None:
    story = Story(block("a"))
    story.start()
    story.output("a", 1)
    story.end("complete")
    story.end("failed")
    assert run_summary(story.run).status == "completed"


def test_a_foreign_end_stops_what_still_runs() -> None:
    story = Story(block("a"))
    story.start()
    assert story.end("failed") == (StopWork(), Retire(None))


def test_nothing_happens_after_the_end() -> None:
    story = Story(block("a"), block("b"))
    story.start()
    story.cancel()
    story.end("cancelled")
    before = run_summary(story.run).model_copy(update={"sequence": 0})
    assert story.output("a") == ()
    assert story.error("b") == ()
    assert story.fired("timeout") == ()
    assert run_summary(story.run).model_copy(update={"sequence": 0}) == before


def test_views_tell_of_each_task() -> None:
    story = Story(block("a"), block("b", "a", config={"x": "{{ a.n }}"}))
    story.start()
    story.output("a", {"n": 1})
    a, b = (task_view(story.run, path) for path in task_paths(story.run))
    assert (a.status, a.output, a.executor) == ("completed", {"n": 1}, "e")
    assert (b.status, b.input, b.attempts) == ("queued", {"x": 1}, 1)
