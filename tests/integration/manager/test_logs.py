"""`GET /runs/{id}/logs`: pages, levels, tasks, following, and whose they are."""

import asyncio
from typing import Any

import orjson
from support.managing import Bench, parse_events

from gnatwork_manager.logs import lines
from gnatwork_manager.run_ids import new_run_id
from gnatwork_schemas import subjects
from gnatwork_schemas.live import LogLevel


async def say(bench: Bench, run_id: str, message: str, task: str = "first", level: str = "info", **more: Any) -> None:
    """A block logs a line, and the server has stored it."""
    body = {"v": 1, "task": task, "attempt": 1, "executor": "me", "at": 7.5, "level": level, "message": message, **more}
    before = await stored(bench)
    bench.connection.send(subjects.live_task(run_id, task, "log"), orjson.dumps(body))
    async with asyncio.timeout(20):
        while await stored(bench) == before:
            pass


async def stored(bench: Bench) -> int:
    return int((await bench.connection.api(f"STREAM.INFO.{subjects.LOGS}"))["state"]["last_seq"])


async def said(bench: Bench, path: str, **params: Any) -> list[str]:
    reply = await bench.http.get(path, params=params)
    assert reply.status_code == 200, reply.text
    return [line["message"] for line in reply.json()["items"]]


async def test_lines_are_shown_with_all_that_they_say(bench: Bench, linear: dict[str, Any]) -> None:
    run_id = await bench.submit(linear)
    await say(bench, run_id, "hello", level="warning", fields={"pages": 3})
    (line,) = (await bench.http.get(f"/runs/{run_id}/logs")).json()["items"]
    assert line == {
        "sequence": 1,
        "at": 7.5,
        "task": "first",
        "attempt": 1,
        "executor": "me",
        "level": "warning",
        "message": "hello",
        "fields": {"pages": 3},
    }


async def test_by_level_and_by_task(bench: Bench, linear: dict[str, Any]) -> None:
    run_id = await bench.submit(linear)
    for level in LogLevel:
        await say(bench, run_id, level, "first", level)
    await say(bench, run_id, "deep", "each/3/notify")
    logs = f"/runs/{run_id}/logs"
    assert await said(bench, logs) == ["debug", "info", "warning", "error", "deep"]
    assert await said(bench, logs, level="warning") == ["warning", "error"]
    assert await said(bench, logs, task="first", level="info") == ["info", "warning", "error"]
    assert await said(bench, f"/runs/{run_id}/tasks/first/logs", level="error") == ["error"]
    assert await said(bench, logs, task="each/3/notify") == ["deep"]
    wrongs: tuple[dict[str, Any], ...] = ({"level": "loud"}, {"task": "*"}, {"task": "a.b"}, {"limit": 0})
    for wrong in wrongs:
        assert (await bench.http.get(logs, params=wrong)).status_code == 422


async def test_a_task_that_is_called_logs_is_a_task(bench: Bench) -> None:
    group = {"id": "g", "type": "group", "blocks": [{"id": "logs", "type": "noop"}]}
    run_id = await bench.submit({"blocks": [group]})
    await say(bench, run_id, "inside", "g/logs")
    assert (await bench.http.get(f"/runs/{run_id}/tasks/g/logs")).json()["task"] == "g/logs"
    assert await said(bench, f"/runs/{run_id}/tasks/g/logs/logs") == ["inside"]


async def test_pages_hold_every_line_once(bench: Bench, linear: dict[str, Any], monkeypatch: Any) -> None:
    monkeypatch.setattr(lines, "_BATCH", 2)
    monkeypatch.setattr(lines, "_BATCHES", 2)
    run_id = await bench.submit(linear)
    for number in range(12):
        await say(bench, run_id, str(number), level="error" if number % 5 == 0 else "info")
    cases: tuple[tuple[dict[str, Any], list[str]], ...] = (
        ({"limit": 5}, [str(number) for number in range(12)]),
        ({"limit": 4}, [str(number) for number in range(12)]),
        ({"limit": 2, "level": "error"}, ["0", "5", "10"]),
    )
    for params, expected in cases:
        found: list[str] = []
        cursor = None
        while True:
            query = {**params, **({"cursor": cursor} if cursor else {})}
            reply = (await bench.http.get(f"/runs/{run_id}/logs", params=query)).json()
            found += [line["message"] for line in reply["items"]]
            if (cursor := reply["next_cursor"]) is None:
                break
        assert found == expected, params


async def test_the_run_decides_who_sees_its_lines(bench: Bench, linear: dict[str, Any]) -> None:
    run_id = await bench.submit(linear)
    await say(bench, run_id, "secret")
    for path in (f"/runs/{run_id}/logs", f"/runs/{run_id}/logs/follow", f"/runs/{run_id}/tasks/first/logs"):
        reply = await bench.http.get(path, headers={"X-Gnatwork-Namespace": "other"})
        assert (reply.status_code, reply.json()["code"]) == (404, "run.not_found"), path
    assert (await bench.http.get(f"/runs/{new_run_id()}/logs")).status_code == 404


async def test_what_is_no_line_is_not_shown(bench: Bench, linear: dict[str, Any]) -> None:
    run_id = await bench.submit(linear)
    await say(bench, run_id, "strange", level="shout")
    await say(bench, run_id, "fine", fields=None)
    assert await said(bench, f"/runs/{run_id}/logs") == ["fine"]


async def test_lines_are_followed_until_the_run_ends(bench: Bench, linear: dict[str, Any]) -> None:
    run_id = await bench.submit(linear)
    await say(bench, run_id, "before", level="error")
    text = ""
    async with bench.http.stream("GET", f"/runs/{run_id}/logs/follow", params={"level": "info"}) as reply:
        async for chunk in reply.aiter_text():
            text += chunk
            if "before" in text and "while" not in text:
                await say(bench, run_id, "too low", level="debug")
                await say(bench, run_id, "while")
                await bench.complete(run_id)
    *events, end = parse_events(text)
    assert end["event"] == "end"
    assert [(event["event"], event["data"]["message"]) for event in events] == [("log", "before"), ("log", "while")]
    again = await bench.http.get(f"/runs/{run_id}/logs/follow", headers={"Last-Event-ID": events[0]["id"]})
    assert [event["data"]["message"] for event in parse_events(again.text)[:-1]] == ["too low", "while"]


async def test_over_nats(bench: Bench, linear: dict[str, Any]) -> None:
    run_id = await bench.submit(linear)
    await say(bench, run_id, "hello")
    body = orjson.dumps({"v": 1, "run_id": run_id, "level": "info"})
    reply = await bench.connection.request(subjects.api("default", "run.logs"), body)
    assert [line["message"] for line in orjson.loads(reply.data)["items"]] == ["hello"]


async def test_lines_go_with_their_run(bench: Bench, linear: dict[str, Any]) -> None:
    run_id, other = await bench.submit(linear), await bench.submit(linear)
    for one in (run_id, other):
        await say(bench, one, "hello")
    await bench.append_end(run_id)
    await bench.see_to(run_id)
    assert (await bench.http.delete(f"/runs/{run_id}")).status_code == 204
    left = await bench.connection.api(f"STREAM.INFO.{subjects.LOGS}", {"subjects_filter": ">"})
    assert left["state"]["subjects"] == {subjects.log_lines(other, "first"): 1}
