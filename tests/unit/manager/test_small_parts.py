"""Parts of a few lines each: cursors, caches, ids, event texts."""

import asyncio
import re
import uuid

import pytest

from gnatwork_manager.listing import RunListQuery
from gnatwork_manager.lru import LruCache
from gnatwork_manager.once import Once
from gnatwork_manager.pages import decode_cursor, encode_cursor
from gnatwork_manager.problems import ProblemError
from gnatwork_manager.run_ids import new_run_id
from gnatwork_manager.sse import format_event, parse_last_event_id
from gnatwork_schemas.names import RUN_ID_PATTERN


def test_run_ids_are_version_7() -> None:
    run_id = new_run_id(1_700_000_000_123_456_789)
    assert re.fullmatch(RUN_ID_PATTERN, run_id)
    parsed = uuid.UUID(run_id)
    assert (parsed.version, parsed.variant) == (7, uuid.RFC_4122)
    assert parsed.int >> 80 == 1_700_000_000_123


def test_run_ids_sort_by_time() -> None:
    times = [1_700_000_000_000_000_000 + n * 1_000 for n in range(2_000)]
    ids = [new_run_id(time) for time in times]
    assert ids == sorted(ids)
    assert len(set(ids)) == len(ids)


def test_cursors_come_back() -> None:
    assert decode_cursor(encode_cursor(1.5, "x"), float, str) == (1.5, "x")
    assert decode_cursor(encode_cursor(2.0, "x"), float, str) == (2.0, "x")
    assert decode_cursor(None, int) is None
    assert decode_cursor("", int) is None


@pytest.mark.parametrize("cursor", ["?", "abc", "WzFd.", "bnVsbA", encode_cursor("1"), encode_cursor(1, 2)])
def test_made_up_cursors_are_refused(cursor: str) -> None:
    with pytest.raises(ProblemError):
        decode_cursor(cursor, int)


def test_the_cache_forgets_what_was_not_used() -> None:
    cache: LruCache[str, int] = LruCache(10)
    cache.put("a", 1, 4)
    cache.put("b", 2, 4)
    assert cache.get("a") == 1
    cache.put("c", 3, 4)
    assert [cache.get(key) for key in "abc"] == [1, None, 3]
    cache.put("huge", 4, 11)
    assert cache.get("huge") is None
    cache.put("a", 5, 10)
    assert (len(cache), cache.get("a")) == (1, 5)


async def test_work_under_way_is_joined() -> None:
    once: Once[str, int] = Once()
    calls = 0
    gate = asyncio.Event()

    async def work() -> int:
        nonlocal calls
        calls += 1
        await gate.wait()
        return calls

    callers = [asyncio.create_task(once("key", work)) for _ in range(3)]
    await asyncio.wait(callers, timeout=0)
    callers[0].cancel()
    gate.set()
    results = await asyncio.gather(*callers, return_exceptions=True)
    assert results[1:] == [1, 1]
    assert isinstance(results[0], asyncio.CancelledError)
    assert await once("key", work) == 2


async def test_what_goes_wrong_goes_wrong_for_all() -> None:
    once: Once[str, int] = Once()

    async def work() -> int:
        raise ValueError("no")

    results = await asyncio.gather(once("key", work), once("key", work), return_exceptions=True)
    assert [str(result) for result in results] == ["no", "no"]


def test_stored_events_have_ids_and_live_ones_have_none() -> None:
    assert format_event("start", {"a": "x\ny"}, sequence=7) == b'id: 7\nevent: start\ndata: {"a":"x\\ny"}\n\n'
    assert format_event("block.a.log", 1) == b"event: block.a.log\ndata: 1\n\n"


def test_last_event_ids() -> None:
    assert [parse_last_event_id(text) for text in (None, "", "7", "abc", "-1", "²", "9" * 30)] == [0, 0, 7, 0, 0, 0, 0]


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("1700000000.123456", 1700000000.123456),
        (1700000000, 1700000000.0),
        ("2023-11-14T22:13:20Z", 1700000000.0),
        ("2023-11-14T23:13:20+01:00", 1700000000.0),
        ("2023-11-14T22:13:20", 1700000000.0),
    ],
)
def test_times_in_filters(text: str, seconds: float) -> None:
    assert RunListQuery.model_validate({"since": text}).wanted().since == seconds


@pytest.mark.parametrize("text", ["yesterday", "nan", "inf", []])
def test_what_is_no_time(text: object) -> None:
    with pytest.raises(ValueError, match="since"):
        RunListQuery.model_validate({"since": text})


def test_labels_in_filters() -> None:
    wanted = RunListQuery.model_validate({"label": ["team=ops", "tier", "expr=a=b", "empty="]}).wanted()
    assert wanted.labels == (("team", "ops"), ("tier", None), ("expr", "a=b"), ("empty", ""))
