"""Scripts: slices say which steps a program wants next, and steps are tasks like any others."""

from typing import Any

from support.story import Story, block, config_of, dispatched, each, end_of, group, script, step, undo

from gnatwork_engine.core.actions import ReportError
from gnatwork_schemas.messages import Complete, Failed

STEP = step(config={"a": 1})
LARGE = {"$payload": {"id": "p1", "size": 100_000, "type": "application/json", "digest": "sha256:00"}}


def told(actions: tuple[Any, ...], task: str) -> tuple[list[tuple[int | None, int | None]], dict[str, Any]]:
    """What a slice is told: where the outcome of each step lies and in which order it came, and the rest."""
    config = dict(config_of(actions, task))
    return [(sequence, order) for _, _, sequence, order in config.pop("steps")], config


def reported(actions: tuple[Any, ...]) -> tuple[str, str]:
    """The task that is said to have failed, and why."""
    (report,) = (action for action in actions if isinstance(action, ReportError))
    return report.task, report.error.code


def begun(*blocks: Any, value: Any = None, **fields: Any) -> Story:
    """A run whose script `s` has begun."""
    story = Story(*(blocks or (script("s"),)), **fields)
    story.start(value)
    return story


def test_the_program_is_called_with_its_arguments_and_knows_no_steps_yet() -> None:
    story = Story(script("s", args={"x": "{{ input.x }}"}, concurrency=4, max_steps=9))
    steps, rest = told(story.start({"x": 1}), "s:slice-0")
    assert steps == []
    assert rest == {
        "control_block": "sha256-0",
        "block": "s",
        "args": {"x": 1},
        "function": "main",
        "seen": None,
        "first": 0,
        "room": 4,
        "began_at": story.now,
    }


def test_what_is_too_large_in_the_arguments_is_for_executors() -> None:
    (dispatch,) = Story(script("s", args={"x": "{{ input }}"})).start(LARGE)
    assert dispatch.deferred == ("/args/x",)  # type: ignore[union-attr]  # the slice
    assert dispatch.config["args"]["x"]["values"] == {"input": LARGE}  # type: ignore[union-attr]


def test_steps_run_at_once_and_the_program_hears_of_each() -> None:
    story = begun()
    assert dispatched(story.sliced("s", STEP, STEP)) == ["s/0", "s/1"]
    actions = story.output("s/1", "one")
    assert dispatched(actions) == ["s:slice-1"]
    sequence = story.events[-1].sequence
    steps, rest = told(actions, "s:slice-1")
    assert steps == [(None, None), (sequence, 0)]
    assert (rest["seen"], rest["room"]) == (0, 255)


def test_there_is_one_slice_at_a_time() -> None:
    story = begun()
    story.sliced("s", STEP, STEP, STEP)
    story.output("s/0")
    assert dispatched(story.output("s/1")) == []
    assert dispatched(story.output("s/2")) == []
    actions = story.sliced("s", number=1)
    steps, rest = told(actions, "s:slice-2")
    assert [order is not None for _, order in steps] == [True, True, True]
    assert rest["seen"] == 1


def test_a_slice_is_told_the_same_however_late_it_is_asked_for() -> None:
    story = begun()
    story.sliced("s", STEP, STEP)
    first = story.output("s/0")
    story.output("s/1")
    assert story.again(2) == first
    story.reload()
    assert story.again(2) == first


def test_a_step_that_fails_for_good_is_an_outcome() -> None:
    story = begun()
    story.sliced("s", step(retry={"max_attempts": 2}))
    assert dispatched(story.error("s/0", retryable=True)) == []
    assert dispatched(story.fired("retry-s/0-2")) == ["s/0"]
    actions = story.error("s/0", attempt=2, retryable=True)
    sequence = story.events[-1].sequence
    assert told(actions, "s:slice-1")[0] == [(sequence, 0)]
    assert story.run.root.failing is None


def test_what_the_program_yields_is_the_output_of_the_block() -> None:
    story = begun(script("s"), block("b", "s", config={"it": "{{ s.x }}"}))
    story.sliced("s", STEP)
    story.output("s/0")
    actions = story.sliced("s", number=1, done=True, output={"x": 5})
    assert config_of(actions, "b") == {"it": 5}
    assert story.run.root.tasks["s"].sequence == story.events[-1].sequence


def test_an_output_that_is_too_large_stays_apart() -> None:
    story = begun(script("s"), block("b", "s", config={"it": "{{ s.x }}"}))
    actions = story.sliced("s", done=True, output=LARGE)
    assert config_of(actions, "b")["it"]["values"] == {"blocks.s": LARGE}


def test_what_the_program_throws_is_the_error_of_the_block() -> None:
    story = begun()
    end = end_of(story.error("s:slice-0", "code.failed"))
    assert isinstance(end.body, Failed)
    assert (end.body.error.code, end.body.error.task) == ("code.failed", "s")
    caught = begun(script("s"), block("b", "s.error", config={"why": "{{ error.code }}"}))
    assert config_of(caught.error("s:slice-0", "code.failed"), "b") == {"why": "code.failed"}
    on = begun(script("s", on_error="continue"))
    body = end_of(on.error("s:slice-0", "code.failed")).body
    assert isinstance(body, Complete)
    assert body.output["s"]["error"]["code"] == "code.failed"


def test_a_slice_is_tried_again_unless_it_took_too_long() -> None:
    story = begun()
    story.error("s:slice-0", "payload.unavailable", retryable=True)
    assert dispatched(story.fired("retry-s:slice-0-2")) == ["s:slice-0"]
    assert end_of(story.error("s:slice-0", "block.timeout", attempt=2, retryable=True)).event == "failed"


def test_a_step_that_did_not_begin_is_given_up_when_the_program_throws_and_what_runs_finishes() -> None:
    story = begun()
    story.sliced("s", STEP, STEP, step("wait", config={"signal": "go"}))
    story.output("s/0")
    assert story.error("s:slice-1", "code.failed") == ()
    assert {path: story.status(path) for path in ("s", "s/1", "s/2")} == {
        "s": "running",
        "s/1": "queued",
        "s/2": "cancelled",
    }
    assert end_of(story.output("s/1")).event == "failed"


def test_what_the_program_leaves_behind_when_it_is_done_is_given_up_too() -> None:
    story = begun()
    story.sliced("s", STEP, STEP, step("delay", config={"for": "1h"}))
    story.output("s/0")
    assert story.sliced("s", number=1, done=True, output=7) == ()
    body = end_of(story.error("s/1")).body
    assert isinstance(body, Complete)
    assert body.output == {"s": 7}


def test_a_transition_forgets_what_came_before() -> None:
    story = begun()
    story.sliced("s", STEP, STEP)
    story.output("s/0")
    story.output("s/1")
    story.sliced("s", number=1)
    actions = story.sliced("s", number=2, transition={"function": "next", "memory": {"n": 1}})
    steps, rest = told(actions, "s:slice-3")
    assert (steps, rest["args"], rest["function"]) == ([], {"n": 1}, "next")
    assert (rest["first"], rest["seen"], rest["began_at"]) == (2, None, story.now)
    assert dispatched(story.sliced("s", STEP, number=3)) == ["s/2"]


def test_memory_that_is_too_large_is_for_executors() -> None:
    (dispatch,) = begun().sliced("s", transition={"function": "next", "memory": LARGE})
    assert dispatch.deferred == ("/args",)  # type: ignore[union-attr]  # the slice
    assert dispatch.config["args"]["values"] == {"blocks.memory": LARGE}  # type: ignore[union-attr]


def test_the_next_state_begins_once_nothing_of_the_last_one_is_under_way() -> None:
    story = begun()
    story.sliced("s", STEP, STEP)
    story.output("s/0")
    assert story.sliced("s", number=1, transition={"function": "next"}) == ()
    assert dispatched(story.output("s/1")) == ["s:slice-2"]


def test_room_is_what_is_left() -> None:
    story = begun(script("s", concurrency=2))
    story.sliced("s", STEP, STEP, more=True)
    actions = story.output("s/0")
    assert told(actions, "s:slice-1")[1]["room"] == 1
    assert dispatched(story.sliced("s", STEP, number=1)) == ["s/2"]
    short = begun(script("s", max_steps=3))
    short.sliced("s", STEP, STEP)
    assert told(short.output("s/0"), "s:slice-1")[1]["room"] == 1


def test_a_program_that_has_more_to_ask_for_and_room_goes_on_at_once() -> None:
    story = begun()
    assert dispatched(story.sliced("s", STEP, more=True)) == ["s/0", "s:slice-1"]
    assert dispatched(story.sliced("s", more=True, number=1)) == []


def test_a_program_has_no_more_steps_than_it_may() -> None:
    story = begun(script("s", max_steps=2))
    story.sliced("s", STEP, STEP)
    story.output("s/0")
    actions = story.sliced("s", more=True, number=1)
    assert reported(actions) == ("s", "script.too_long")
    story.error("s", "script.too_long")
    assert end_of(story.output("s/1")).event == "failed"
    turning = begun(script("s", max_steps=1))
    turning.sliced("s", transition={"function": "next"})
    assert reported(turning.sliced("s", number=1, transition={"function": "next"})) == ("s", "script.too_long")


def test_a_program_that_waits_for_nothing_is_found() -> None:
    story = begun()
    assert reported(story.sliced("s")) == ("s", "script.stuck")
    end = end_of(story.error("s", "script.stuck"))
    assert isinstance(end.body, Failed)
    assert end.body.error.task == "s"


def test_what_no_slice_yields_is_an_error() -> None:
    outputs: tuple[Any, ...] = ("text", LARGE, {"steps": [{}]})
    for output in outputs:
        assert reported(begun().output("s:slice-0", output)) == ("s", "message.invalid")
    assert reported(begun(script("s", concurrency=1)).sliced("s", STEP, STEP)) == ("s", "message.invalid")
    nested = step("group", type="group")
    assert reported(begun().sliced("s", nested)) == ("s", "message.invalid")


def test_a_script_inside_of_others() -> None:
    story = begun(each(script("s")), value={"items": [1, 2]})
    assert dispatched(story.expanded("s", 2)) == ["s/0:slice-0", "s/1:slice-0"]
    assert dispatched(story.sliced("s/1", STEP)) == ["s/1/0"]
    actions = story.output("s/1/0")
    assert told(actions, "s/1:slice-1")[1]["block"] == "s"
    story.sliced("s/1", number=1, done=True, output=1)
    completed = story.events[-1].sequence
    actions = story.sliced("s/0", done=True, output=0)
    assert config_of(actions, "s:collect") == {"results": [story.events[-1].sequence, completed]}
    inside = begun(group("g", script("s")))
    inside.sliced("g/s", STEP)
    assert told(inside.output("g/s/0"), "g/s:slice-1")[1]["block"] == "g/s"
    actions = inside.sliced("g/s", number=1, done=True, output=1)
    assert config_of(actions, "g:collect") == {"results": {"s": inside.events[-1].sequence}}


def test_a_script_that_completed_is_undone_as_a_whole() -> None:
    story = begun(script("s", compensate=undo("s", config={"was": "{{ s }}"})), block("b", "s"))
    story.sliced("s", done=True, output=3)
    assert config_of(story.error("b"), "s:undo") == {"was": 3}


def test_a_script_in_what_handles_a_failure() -> None:
    story = begun(block("b"), on_failure=[script("s", args="{{ error.code }}")])
    steps, rest = told(story.error("b"), ":on_failure/s:slice-0")
    assert (steps, rest["block"], rest["args"]) == ([], ":on_failure/s", "http.status")
    assert dispatched(story.sliced(":on_failure/s", STEP)) == [":on_failure/s/0"]
    assert dispatched(story.output(":on_failure/s/0")) == [":on_failure/s:slice-1"]
    assert end_of(story.sliced(":on_failure/s", number=1, done=True)).event == "failed"
