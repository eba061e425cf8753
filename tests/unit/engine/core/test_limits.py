"""Limits as a run sees them: it begins, or an attempt does, once there is room; what it holds it gives back."""

import pytest
from support.story import ADDRESS, Story, block, concurrency, dispatched, each, end_of, loop, rate

from gnatwork_engine.core import run_summary
from gnatwork_engine.core.actions import Acquire, Dispatch, Release, SetTimer
from gnatwork_schemas import subjects
from gnatwork_schemas.definition import Retry

SCARCE = {"type": "scarce", "type_concurrency": 2}
TYPE_KEY = subjects.limit_key("type", "", "", "scarce")
LARGE = {"$payload": {"id": "p1", "size": 100_000, "type": "application/json", "digest": "sha256:00"}}


def key_of(kind: str, value: str = "") -> str:
    return subjects.limit_key(kind, ADDRESS.namespace, ADDRESS.workflow, value)


def test_a_run_begins_once_there_is_room() -> None:
    story = Story(block("a"), concurrency=concurrency(3))
    asked = Acquire(key_of("concurrency"), "concurrency", 3, None, "queue")
    assert story.start() == (asked,)
    assert run_summary(story.run).status == "pending"
    assert story.again(0) == (asked,)
    assert dispatched(story.granted("concurrency")) == ["a"]
    assert story.again(0) == ()
    assert run_summary(story.run).started_at == story.now
    story.output("a")
    assert Release(key_of("concurrency"), "concurrency") in story.end()


def test_first_its_time_then_its_rate_then_its_room() -> None:
    story = Story(block("a"), concurrency=concurrency(1), rate_limit=rate(2, 60.0))
    assert story.start(at=2_000.0) == (SetTimer("begin", 2_000.0),)
    assert story.fired("begin") == (Acquire(key_of("rate"), "rate", 2, 60.0, "queue"),)
    assert story.granted("concurrency") == ()
    story.reload()
    assert story.granted("rate") == (Acquire(key_of("concurrency"), "concurrency", 1, None, "queue"),)
    assert dispatched(story.granted("concurrency")) == ["a"]


def test_runs_with_different_keys_do_not_count_together() -> None:
    story = Story(block("a"), concurrency=concurrency(1, key="{{ input.customer }}"))
    (asked,) = story.start({"customer": 7})
    assert isinstance(asked, Acquire)
    assert asked.key == key_of("concurrency", "7")


@pytest.mark.parametrize(("given", "code"), [({}, "template.missing"), (LARGE, "template.missing")])
def test_a_key_that_can_not_be_made_fails_the_run(given: object, code: str) -> None:
    story = Story(block("a"), concurrency=concurrency(1, key="{{ input.customer }}"))
    end = end_of(story.start(given))
    assert (end.event, end.body.model_dump()["error"]["code"]) == ("failed", code)


def test_a_run_that_is_not_to_wait_is_refused() -> None:
    story = Story(block("a"), concurrency=concurrency(1, "reject"))
    (asked,) = story.start()
    assert isinstance(asked, Acquire)
    assert asked.on_limit == "reject"
    end = end_of(story.refused())
    assert (end.event, end.body.model_dump()["error"]["code"]) == ("failed", "limit.reached")
    assert story.again(1) == (end,)
    assert story.refused() == ()


def test_a_refusal_after_it_was_let_in_changes_nothing() -> None:
    story = Story(block("a"), concurrency=concurrency(1, "reject"))
    story.start()
    story.granted("concurrency")
    assert story.refused() == ()
    assert story.running() == ["a"]


def test_a_run_that_is_cancelled_while_it_waits_gives_up_its_place() -> None:
    story = Story(block("a"), concurrency=concurrency(1), rate_limit=rate(2, 60.0))
    story.start()
    story.cancel()
    story.reload()
    assert story.again(0) == ()
    released = {action.kind for action in story.end("cancelled") if isinstance(action, Release)}
    assert released == {"rate", "concurrency"}


def test_what_is_granted_meanwhile_is_given_back_at_the_end() -> None:
    story = Story(block("a"), concurrency=concurrency(1))
    story.start()
    story.cancel()
    assert story.granted("concurrency") == ()
    assert Release(key_of("concurrency"), "concurrency") in story.end("cancelled")


def test_or_at_once_if_the_run_has_ended_or_never_asked() -> None:
    story = Story(block("a"), concurrency=concurrency(1))
    story.start()
    (given_back,) = story.granted("concurrency", key="another")
    assert given_back == Release("another", "concurrency")
    story.cancel()
    story.end("cancelled")
    assert story.granted("concurrency") == (Release(key_of("concurrency"), "concurrency"),)


def test_a_grant_that_comes_again_changes_nothing() -> None:
    story = Story(block("a"), block("b", "a"), concurrency=concurrency(1))
    story.start()
    first = story.granted("concurrency")
    assert story.granted("concurrency") == ()
    assert story.again(1) == first


def test_an_attempt_of_a_scarce_type_asks_first() -> None:
    story = Story(block("a", **SCARCE))
    asked = Acquire(TYPE_KEY, "type", 2, None, "queue", "a", 1)
    assert story.start() == (asked,)
    assert story.again(0) == (asked,)
    assert dispatched(story.granted("type", "a")) == ["a"]
    assert story.again(0) == ()
    assert dispatched(story.again(1)) == ["a"]
    release, end = story.output("a")
    assert release == Release(TYPE_KEY, "type", "a", 1)
    assert end_of((end,)).event == "complete"
    assert story.run.slots == {}


def test_each_attempt_asks_anew() -> None:
    story = Story(block("a", **SCARCE, retry=Retry(max_attempts=2, jitter=0)))
    story.start()
    story.granted("type", "a")
    timer, release = story.error("a", retryable=True)
    assert isinstance(timer, SetTimer)
    assert release == Release(TYPE_KEY, "type", "a", 1)
    assert story.fired("retry-a-2") == (Acquire(TYPE_KEY, "type", 2, None, "queue", "a", 2),)
    assert story.granted("type", "a", attempt=1) == (Release(TYPE_KEY, "type", "a", 1),)
    dispatch = story.granted("type", "a", attempt=2)[-1]
    assert isinstance(dispatch, Dispatch)
    assert dispatch.attempt == 2


def test_an_outcome_that_nobody_waits_for_gives_its_slot_back_as_well() -> None:
    story = Story(block("a", **SCARCE), block("b"))
    story.start()
    story.granted("type", "a")
    story.output("a")
    assert story.output("a") == (Release(TYPE_KEY, "type", "a", 1),)


def test_items_ask_one_by_one() -> None:
    story = Story(each(block("x", **SCARCE), concurrency=2))
    story.start({"items": [1]})
    assert [one.task for one in story.expanded("x", 3) if isinstance(one, Acquire)] == ["x/0", "x/1"]
    assert dispatched(story.granted("type", "x/1")) == ["x/1"]
    asked, release = story.output("x/1")
    assert isinstance(asked, Acquire)
    assert (asked.task, release) == ("x/2", Release(TYPE_KEY, "type", "x/1", 1))


def test_a_condition_of_a_scarce_type_gives_its_slot_back() -> None:
    goes = loop("l", block("x"), over="while")
    assert goes.loop
    assert goes.loop.condition
    scarce = goes.loop.condition.model_copy(update={"type_concurrency": 1})
    story = Story(goes.model_copy(update={"loop": goes.loop.model_copy(update={"condition": scarce})}))
    (asked,) = story.start()
    assert isinstance(asked, Acquire)
    story.granted("type", "l/0/:while")
    assert Release(asked.key, "type", "l/0/:while", 1) in story.port("l/0/:while", True)


def test_slots_are_given_back_when_the_run_ends_whatever_became_of_their_attempts() -> None:
    story = Story(each(block("x", **SCARCE), concurrency=3))
    story.start({"items": [1]})
    story.expanded("x", 3)
    story.granted("type", "x/0")
    story.cancel()
    given_back = [(one.task, one.attempt) for one in story.end("cancelled") if isinstance(one, Release)]
    assert given_back == [("x/0", 1), ("x/1", 1), ("x/2", 1)]
    assert story.granted("type", "x/1") == (Release(TYPE_KEY, "type", "x/1", 1),)
