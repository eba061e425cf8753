"""Runs that wait: for a time, for a signal, for someone to let them go on."""

import asyncio
import json
import time
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from support.installation import Installation
from support.running import block, ended, event, noop, run_of, statuses, tasks_of, until_status, until_tasks
from support.site import Reply, Site

from gnatwork import Client
from gnatwork.errors import RequestError

APPROVAL = {"type": "object", "required": ["ok"], "properties": {"ok": {"type": "boolean"}}}


async def test_a_delay_takes_its_time(client: Client) -> None:
    soon = (datetime.now(UTC) + timedelta(seconds=0.5)).isoformat()
    done = await run_of(
        client,
        block("brief", "delay", {"for": "{{ input.wait }}"}),
        block("until", "delay", {"until": "{{ input.time }}"}),
        block("past", "delay", {"until": "2020-01-01T00:00:00Z"}),
        noop("end", "brief", "until", "past"),
        value={"wait": "300ms", "time": soon},
    )
    tasks = await tasks_of(done.run)
    took = {name: (task.ended_at or 0) - (task.queued_at or 0) for name, task in tasks.items()}
    assert took["brief"] >= 0.3
    assert tasks["until"].ended_at
    assert tasks["until"].ended_at >= datetime.fromisoformat(soon).timestamp()
    assert took["past"] < 0.3


async def test_a_run_begins_when_it_is_to(client: Client) -> None:
    at = datetime.now(UTC) + timedelta(seconds=1)
    run = await client.start({"blocks": [noop("a")]}, at=at)
    assert (await run.get()).status == "pending"
    assert (await ended(run)).status == "completed"
    started = (await run.get()).started_at
    assert started
    assert started >= at.timestamp()


async def test_a_person_answers(installation: Installation) -> None:
    definition = {"blocks": [block("ok", "wait", {"schema": APPROVAL}), noop("end", config="{{ ok.ok }}")]}
    started = await installation.gnatwork("run", "start", "-", "-o", "json", stdin=json.dumps(definition))
    run_id = started.document["run_id"]
    refused = await installation.gnatwork("run", "signal", run_id, "ok", "--data", '{"ok": "yes"}')
    assert refused.code == 1
    assert "/data/ok: must be true or false" in refused.err
    assert (await installation.gnatwork("run", "signal", run_id, "ok", "--data", '{"ok": true}')).code == 0
    watched = await installation.gnatwork("run", "watch", run_id)
    assert watched.code == 0
    assert '{"end": true}' in watched.out


async def test_a_signal_with_other_data_is_refused(installation: Installation, client: Client) -> None:
    run = await client.start({"blocks": [block("ok", "wait", {"schema": APPROVAL})]})
    url = f"{installation.api}/runs/{run.run_id}/signals/ok"
    async with httpx.AsyncClient(headers=installation.headers, trust_env=False) as http:
        refused = await http.post(url, json={"data": {"ok": 1}})
        assert refused.status_code == 422
        assert [(error["pointer"], error["code"]) for error in refused.json()["errors"]] == [
            ("/data/ok", "signal.invalid")
        ]
        accepted = await http.post(url, json={"data": {"ok": False}})
        assert accepted.status_code == 202
        assert (await ended(run)).output == {"ok": {"ok": False}}
        late = await http.post(url, json={"data": {"ok": False}})
    assert (late.status_code, late.json()["code"]) == (409, "run.ended")


async def test_a_signal_that_comes_early_is_kept(client: Client) -> None:
    run = await client.start({"steps": [block("d", "delay", {"for": "300ms"}), block("ok", "wait", {"timeout": "5s"})]})
    await run.signal("ok", ["early", "x" * 100_000])
    assert (await ended(run)).output == {"ok": ["early", "x" * 100_000]}


async def test_a_wait_that_takes_too_long_fails(client: Client) -> None:
    done = await run_of(
        client,
        block("ok", "wait", {"signal": "answer", "timeout": "200ms"}),
        noop("nobody", "ok.error", config="{{ error.code }}"),
    )
    assert done.output == {"nobody": "wait.timeout"}


async def test_each_of_several_waits_takes_a_signal_of_its_own(client: Client) -> None:
    waits = [block("w", "wait", {"signal": "{{ item }}"})]
    run = await client.start({"blocks": [block("each", "loop", {"items": ["a", "b", "a"]}, blocks=waits)]})
    for number, name in enumerate("aba"):
        await run.signal(name, number)
    assert (await ended(run)).output == {"each": [{"w": 0}, {"w": 1}, {"w": 2}]}


async def test_a_paused_run_finishes_what_runs_and_begins_nothing(
    installation: Installation, client: Client, web: Site
) -> None:
    go_on = asyncio.Event()
    url = web.on("/slow", Reply(after=go_on))
    run = await client.start({
        "blocks": [
            block("page", "fetch", {"url": url}), noop("after", "page"),
            block("d", "delay", {"for": "1s"}), noop("late", "d"),
            block("w", "wait"), noop("told", "w"),
        ]
    })  # fmt: skip
    await web.until_asked("/slow")
    await run.pause("lunch")
    await until_status(run, "paused")
    go_on.set()
    await run.signal("w", "now")
    await event(run, "block.page.output")
    await event(run, "timer.delay-d.fired")
    await until_tasks(run, lambda tasks: tasks["page"] == "completed", "paused")
    found = await statuses(run)
    assert not {found[name] for name in ("after", "late", "told")} & {"completed", "running"}
    assert (await installation.gnatwork("run", "resume", run.run_id)).code == 0
    assert (await ended(run)).output == {"after": {}, "late": {}, "told": {}}
    names = [event.event for event in await run.history()]
    assert names.index("request.resume") < min(
        names.index(f"block.{name}.output") for name in ("after", "late", "told")
    )


@pytest.mark.parametrize("paused", [False, True])
async def test_a_cancel_stops_what_runs_at_once(client: Client, web: Site, paused: bool) -> None:
    url = web.on("/hang", Reply(raw=b"", hang=True))
    run = await client.start({"blocks": [block("slow", "fetch", {"url": url}), noop("never", "slow")]})
    await web.until_asked("/hang")
    if paused:
        await run.pause()
        await until_status(run, "paused")
    asked = time.monotonic()
    await run.cancel("enough")
    await web.left.wait()
    # Within a second, but for a machine that does other things; the request itself would take a minute.
    assert time.monotonic() - asked < 10
    done = await ended(run)
    assert (done.status, done.code) == ("cancelled", "run.cancelled")
    assert await statuses(run) == {"slow": "cancelled", "never": "cancelled"}


async def test_a_run_that_has_ended_takes_no_orders(client: Client) -> None:
    done = await run_of(client, noop("a"))
    for order in (done.run.pause, done.run.resume, done.run.cancel, lambda: done.run.signal("a")):
        with pytest.raises(RequestError) as refused:
            await order()
        assert refused.value.problem.code == "run.ended"


async def test_time_goes_on_for_a_paused_run(client: Client) -> None:
    run = await client.start({"blocks": [block("w", "wait")], "timeout": "700ms"})
    await run.pause()
    done = await ended(run)
    assert (done.status, done.code) == ("timed_out", "run.timeout")
