"""`on_failure`: blocks that run when the run fails or its time is up, before its end."""

from support.story import Story, block, config_of, dispatched, each, end_of, group, undo, wait

from gnatwork_engine.core import run_summary
from gnatwork_engine.core.actions import StopEpoch, StopWork
from gnatwork_engine.core.view import task_paths, task_view

HANDLER = block("f", config={"why": "{{ error.code }}", "who": "{{ error.task }}", "a": '{{ outer.a ?? "none" }}'})


def test_it_sees_why_the_run_failed_and_what_it_had_yielded() -> None:
    story = Story(block("a"), block("b", "a"), on_failure=[HANDLER, block("g", "f")])
    story.start()
    story.output("a", 1)
    actions = story.error("b", "boom")
    assert config_of(actions, ":on_failure/f") == {"why": "boom", "who": "b", "a": 1}
    assert run_summary(story.run).status == "running"
    story.reload()
    assert dispatched(story.output(":on_failure/f")) == [":on_failure/g"]
    end = end_of(story.output(":on_failure/g"))
    assert (end.event, end.body.model_dump()["error"]["code"]) == ("failed", "boom")
    assert end.body.model_dump()["undone"]["on_failure"] is None


def test_it_follows_the_compensations() -> None:
    story = Story(block("a", compensate=undo("a")), block("b", "a"), on_failure=[HANDLER])
    story.start()
    story.output("a")
    assert dispatched(story.error("b")) == ["a:undo"]
    assert dispatched(story.output("a:undo")) == [":on_failure/f"]
    assert end_of(story.output(":on_failure/f")).body.model_dump()["undone"]["compensated"] == 1


def test_a_run_whose_time_is_up_has_an_error_too() -> None:
    story = Story(block("a"), timeout=5, on_failure=[HANDLER])
    story.start()
    actions = story.fired("timeout")
    assert actions[0] == StopEpoch(1)
    assert config_of(actions, ":on_failure/f") == {"why": "run.timeout", "who": "", "a": "none"}
    assert end_of(story.output(":on_failure/f")).event == "timed_out"


def test_its_own_failure_is_told_of_but_changes_no_end() -> None:
    story = Story(block("a"), on_failure=[block("f"), block("g", "f"), block("h")])
    story.start()
    story.error("a", "boom")
    assert story.error(":on_failure/f", "again") == ()
    end = end_of(story.output(":on_failure/h"))
    body = end.body.model_dump()
    assert (end.event, body["error"]["code"]) == ("failed", "boom")
    assert (body["undone"]["on_failure"]["code"], body["undone"]["on_failure"]["task"]) == ("again", ":on_failure/f")
    assert story.status(":on_failure/g") == "skipped"


def test_it_may_hold_all_that_a_run_may() -> None:
    inner = group("g", each(block("x", config={"why": "{{ outer.outer.error.code }}"}), items=[1]), wait("w"))
    story = Story(block("a"), on_failure=[inner])
    story.start()
    story.signal("w")
    story.error("a", "boom")
    assert story.running() == [":on_failure/g/x:expand"]
    story.reload()
    assert config_of(story.expanded(":on_failure/g/x", 1), ":on_failure/g/x/0") == {"why": "boom"}
    story.output(":on_failure/g/x/0")
    assert dispatched(story.collected(":on_failure/g/x", [1])) == [":on_failure/g:collect"]
    assert end_of(story.collected(":on_failure/g")).event == "failed"
    assert run_summary(story.run).blocks[":on_failure/g/x"] == {"completed": 1}


def test_a_cancel_meanwhile_ends_it() -> None:
    story = Story(block("a"), on_failure=[block("f")])
    story.start()
    story.error("a")
    stop, end = story.cancel()
    assert stop == StopWork()
    assert end_of((end,)).event == "cancelled"
    assert story.output(":on_failure/f") == ()


def test_an_output_that_leads_nowhere_is_a_failure_too() -> None:
    story = Story(block("a"), output="{{ a.nothing }}", on_failure=[HANDLER])
    story.start()
    assert config_of(story.output("a", {}), ":on_failure/f") == {"why": "template.missing", "who": "", "a": {}}


def test_its_tasks_follow_those_of_the_run() -> None:
    story = Story(block("a"), on_failure=[HANDLER])
    story.start()
    story.error("a")
    assert task_paths(story.view) == ["a", ":on_failure/f"]
    assert task_view(story.view, ":on_failure/f").block == ":on_failure/f"


def test_a_run_that_completes_never_needs_it() -> None:
    story = Story(block("a"), on_failure=[block("f")])
    story.start()
    assert end_of(story.output("a")).event == "complete"


def test_it_is_not_a_failure_that_a_pause_forgets() -> None:
    story = Story(block("a"), on_failure=[block("f")])
    story.start()
    story.pause()
    assert story.error("a") == ()
    assert dispatched(story.resume()) == [":on_failure/f"]
