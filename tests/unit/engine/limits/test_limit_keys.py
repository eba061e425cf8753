"""Limit keys: who has a slot, who waits for one, and that none is lost or given twice."""

from support.limit_story import LimitStory, holder

from gnatwork_engine.core.actions import Evict, Grant, Refuse, SetTimer


def test_as_many_as_there_is_room_for_get_a_slot_and_the_others_wait_in_order() -> None:
    story = LimitStory(2)
    assert story.acquire("a") == (Grant(holder("a"), "concurrency", None, 0),)
    assert len(story.acquire("b")) == 1
    assert story.acquire("c") == story.acquire("d") == ()
    assert story.release("b") == (Grant(holder("c"), "concurrency", None, 0),)
    assert story.release("a") == (Grant(holder("d"), "concurrency", None, 0),)
    assert story.release("d") == ()


def test_who_does_not_want_to_wait_any_more_gives_up_the_place() -> None:
    story = LimitStory(1)
    for name in ("a", "b", "c"):
        story.acquire(name)
    assert story.release("b") == ()
    assert story.release("a") == (Grant(holder("c"), "concurrency", None, 0),)


def test_to_ask_again_is_to_be_told_again_and_changes_nothing() -> None:
    story = LimitStory(1)
    first = story.acquire("a")
    story.acquire("b")
    assert story.acquire("a") == first
    assert story.acquire("b") == ()
    assert story.granted() == ["a"]
    assert story.again(0) == ()
    assert story.again(2) == first


def test_who_asks_again_stays_as_old_as_before() -> None:
    story = LimitStory(2, on_limit="cancel_oldest")
    story.acquire("a")
    story.acquire("b")
    story.acquire("a")
    assert story.acquire("c") == (Evict(holder("a")),)


def test_a_release_that_comes_twice_frees_one_slot() -> None:
    story = LimitStory(1)
    for name in ("a", "b", "c"):
        story.acquire(name)
    story.release("a")
    assert story.release("a") == ()
    assert story.granted() == ["b"]


def test_attempts_have_slots_of_their_own() -> None:
    story = LimitStory(1, kind="type")
    assert story.acquire("a", "x/1", 1) == (Grant(holder("a"), "type", "x/1", 1),)
    assert story.acquire("a", "x/1", 2) == ()
    assert story.acquire("a", "x/2", 1) == ()
    assert story.release("a", "x/1", 1) == (Grant(holder("a"), "type", "x/1", 2),)


def test_who_is_not_to_wait_is_refused() -> None:
    story = LimitStory(1, on_limit="reject")
    story.acquire("a")
    assert story.acquire("b") == (Refuse(holder("b"), 1),)
    assert story.again(-1) == (Refuse(holder("b"), 1),)
    story.release("a")
    assert len(story.acquire("c")) == 1


def test_the_oldest_makes_room() -> None:
    story = LimitStory(1, on_limit="cancel_oldest")
    story.acquire("a")
    assert story.acquire("b") == (Evict(holder("a")),)
    assert story.again(-1) == (Evict(holder("a")),)
    assert story.acquire("c") == (Evict(holder("b")),)
    assert story.release("a") == (Grant(holder("b"), "concurrency", None, 0),)
    assert story.release("b") == (Grant(holder("c"), "concurrency", None, 0),)


def test_so_many_may_begin_in_a_time() -> None:
    story = LimitStory(2, kind="rate", per=10.0)
    story.acquire("a", at=100.0)
    story.acquire("b", at=104.0)
    assert story.acquire("c", at=105.0) == (SetTimer("next", 110.0),)
    assert story.acquire("d", at=106.0) == ()
    assert story.again(2) == (SetTimer("next", 110.0),)
    grant, timer = story.fired(110.1)
    assert (grant, timer) == (Grant(holder("c"), "rate", None, 0), SetTimer("next", 114.0))
    assert story.release("a", at=110.5) == ()
    assert story.fired(114.0) == (Grant(holder("d"), "rate", None, 0),)


def test_a_timer_that_fires_a_little_early_is_set_again() -> None:
    story = LimitStory(1, kind="rate", per=10.0)
    story.acquire("a", at=100.0)
    story.acquire("b", at=101.0)
    assert story.fired(109.999) == (SetTimer("next", 110.0),)
    assert story.fired(110.0) == (Grant(holder("b"), "rate", None, 0),)


def test_who_has_begun_at_a_rate_has_nothing_to_give_back() -> None:
    story = LimitStory(1, kind="rate", per=10.0)
    story.acquire("a", at=100.0)
    story.acquire("b", at=101.0)
    assert story.release("a", at=102.0) == ()
    assert story.release("b", at=103.0) == ()
    assert story.fired(110.0) == ()
    assert story.acquire("c", at=110.5)


def test_another_maximum_counts_from_the_next_who_asks() -> None:
    story = LimitStory(1)
    for name in ("a", "b", "c"):
        story.acquire(name)
    story.max = 3
    assert [action.holder for action in story.acquire("d") if isinstance(action, Grant)] == [holder("b"), holder("c")]
    story.max = 1
    story.acquire("e")
    for name in ("a", "b"):
        assert story.release(name) == ()
    assert story.release("c") == (Grant(holder("d"), "concurrency", None, 0),)
