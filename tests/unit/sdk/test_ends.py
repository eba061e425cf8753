"""Which ends of runs are heard, remembered, or have to be asked for."""

import asyncio

from gnatwork.ends import Ends

COMPLETE = b'{"v": 1, "output": 7}'


def ends_of(run_id: str, event: str = "complete") -> str:
    return f"workflow.{run_id}.{event}"


async def test_the_end_of_a_run_that_someone_waits_for() -> None:
    ends = Ends()
    with ends.listener("r1") as first, ends.listener("r1") as second:
        ends.hear(ends_of("r1"), COMPLETE)
        assert first.done()
        end = await second
    assert end is not None
    event = end.read()
    assert event is not None
    assert (event.event, event.body) == ("complete", {"v": 1, "output": 7})


async def test_an_end_that_comes_before_anyone_waits_is_kept_for_a_run_begun_here() -> None:
    ends = Ends()
    ends.submitting()
    ends.submitted("r1")
    assert ends.certain("r1")
    ends.hear(ends_of("r1", "failed"), b"{}")
    assert not ends.certain("r1")
    end = ends.taken("r1")
    assert end is not None
    assert end.event == "failed"


async def test_an_end_that_comes_before_the_answer_to_the_submission() -> None:
    ends = Ends()
    ends.submitting()
    ends.hear(ends_of("r1"), COMPLETE)
    ends.submitted("r1")
    assert ends.taken("r1") is not None


async def test_ends_of_others_are_not_kept() -> None:
    ends = Ends()
    ends.hear(ends_of("other"), COMPLETE)
    assert ends.taken("other") is None
    assert not ends.certain("other")


async def test_a_large_end_is_to_be_asked_for() -> None:
    ends = Ends()
    ends.submitting()
    ends.submitted("r1")
    ends.hear(ends_of("r1"), b'{"output": "%b"}' % (b"x" * 10_000))
    end = ends.taken("r1")
    assert end is not None
    assert end.read() is None


async def test_nothing_is_certain_after_the_connection_was_away() -> None:
    ends = Ends()
    ends.submitting()
    ends.submitted("r1")
    with ends.listener("r1") as heard:
        ends.missed()
        assert await heard is None
    assert not ends.certain("r1")


async def test_one_who_gives_up_leaves_nothing_behind() -> None:
    ends = Ends()
    with ends.listener("r1") as heard:
        heard.cancel()
    with ends.listener("r1") as again:
        ends.hear(ends_of("r1"), COMPLETE)
        assert await asyncio.wait_for(again, 1) is not None


async def test_memory_is_bounded() -> None:
    ends = Ends()
    for number in range(20_001):
        ends.submitting()
        ends.submitted(f"r{number}")
    assert not ends.certain("r0")
    assert ends.certain("r20000")
