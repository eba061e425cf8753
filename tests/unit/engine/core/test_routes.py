"""Ports: which way a run goes behind a condition, a switch, a filter or an error."""

import pytest
from support.story import Story, block, condition, dispatched, end_of, when


def test_a_condition_takes_one_of_two_ways() -> None:
    story = Story(condition("ask"), block("yes", "ask.true"), block("no", "ask.false"))
    story.start()
    assert dispatched(story.port("ask", True)) == ["yes"]
    assert story.statuses() == {"ask": "completed", "yes": "queued", "no": "skipped"}


def test_what_needs_a_condition_without_a_port_runs_either_way() -> None:
    story = Story(condition("ask"), block("next", "ask"))
    story.start()
    assert dispatched(story.port("ask", False)) == ["next"]


@pytest.mark.parametrize(("case", "taken"), [("red", ["r"]), ("blue", ["b"]), ("green", []), (None, [])])
def test_a_switch_takes_the_port_of_its_case(case: str | None, taken: list[str]) -> None:
    story = Story(condition("pick"), block("r", "pick.red"), block("b", "pick.blue"), block("any", "pick"))
    story.start()
    assert dispatched(story.port("pick", case)) == [*taken, "any"]


@pytest.mark.parametrize("output", [{"port": "error"}, {"port": 7}, {}, None, "true", ["true"]])
def test_an_output_without_a_port_of_its_own_takes_none_but_the_default(output: object) -> None:
    story = Story(condition("ask"), block("yes", "ask.true"), block("failed", "ask.error"), block("next", "ask"))
    story.start()
    assert dispatched(story.output("ask", output)) == ["next"]
    assert story.statuses()["failed"] == "skipped"


def test_branches_meet_again() -> None:
    story = Story(condition("ask"), block("yes", "ask.true"), block("no", "ask.false"), block("both", "yes", "no"))
    story.start()
    story.port("ask", False)
    assert dispatched(story.output("no")) == ["both"]
    end = end_of(story.output("both", 1))
    assert end.body.model_dump()["output"] == {"both": 1}


def test_a_whole_branch_is_skipped_and_so_is_what_joins_only_skipped_ones() -> None:
    story = Story(
        condition("ask"),
        block("a", "ask.true"),
        block("b", "a"),
        block("c", "a"),
        block("d", "b", "c"),
        block("e", "d", "ask", join="any"),
    )
    story.start()
    assert dispatched(story.port("ask", False)) == ["e"]
    assert {name: story.statuses()[name] for name in "abcd"} == dict.fromkeys("abcd", "skipped")


def test_a_filter_that_does_not_let_pass_ends_the_branch_whatever_else_was_met() -> None:
    story = Story(
        block("sieve", routes="pass"), block("other"), block("next", "sieve", "other"), block("after", "next")
    )
    story.start()
    story.output("other")
    end = end_of(story.output("sieve", {"pass": False}))
    assert end.body.model_dump()["output"] == {}
    assert story.statuses() == {"sieve": "completed", "other": "completed", "next": "skipped", "after": "skipped"}


@pytest.mark.parametrize("output", [{"pass": True}, {}, None, {"pass": None}])
def test_a_filter_lets_pass_what_it_does_not_hold_back(output: object) -> None:
    story = Story(block("sieve", routes="pass"), block("next", "sieve"))
    story.start()
    assert dispatched(story.output("sieve", output)) == ["next"]


def test_what_follows_a_filter_always_runs_all_the_same() -> None:
    story = Story(block("sieve", routes="pass"), block("next", "sieve", join="always"))
    story.start()
    assert dispatched(story.output("sieve", {"pass": False})) == ["next"]


def test_a_block_with_a_when_that_holds_runs() -> None:
    story = Story(block("a"), *when(block("b", "a")), block("c", "b"))
    story.start()
    assert dispatched(story.output("a")) == ["b:when"]
    assert dispatched(story.port("b:when", True)) == ["b"]
    assert dispatched(story.output("b")) == ["c"]


def test_a_block_with_a_when_that_does_not_hold_is_skipped_with_what_needs_it() -> None:
    story = Story(block("a"), *when(block("b", "a")), block("c", "b"))
    story.start()
    story.output("a")
    end_of(story.port("b:when", False))
    assert story.statuses() == {"a": "completed", "b:when": "completed", "b": "skipped", "c": "skipped"}


def test_a_when_that_fails_fails_the_run() -> None:
    story = Story(*when(block("b")))
    story.start()
    end = end_of(story.error("b:when", "code.error"))
    assert end.body.model_dump()["error"]["task"] == "b:when"
    assert story.statuses() == {"b:when": "failed", "b": "skipped"}


def test_the_first_handler_of_an_error_port_runs_and_the_run_goes_on() -> None:
    story = Story(
        block("a"),
        block("b", "a.error", config={"why": "{{ error.code }}", "who": "{{ error.task }}"}),
        block("c", "a", "b", join="any"),
    )
    story.start()
    (dispatch,) = story.error("a", "boom")
    assert dispatch.config == {"why": "boom", "who": "a"}  # type: ignore[union-attr]  # a dispatch, as the test says
    assert dispatched(story.output("b")) == ["c"]
    assert end_of(story.output("c")).event == "complete"


def test_what_was_undecided_is_skipped_when_a_run_fails() -> None:
    story = Story(condition("ask"), block("yes", "ask.true"), block("x"), block("handler", "x.error", "ask"))
    story.start()
    assert story.error("x") == ()
    assert dispatched(story.port("ask", True)) == ["yes", "handler"]


def test_on_error_continue_is_no_failure_for_ports_either() -> None:
    story = Story(block("a", on_error="continue"), block("b", "a.error"), block("c", "a"))
    story.start()
    assert dispatched(story.error("a")) == ["c"]
    assert story.statuses()["b"] == "skipped"
