"""What clients do to a server, and what it answers: each script runs on the real one and on the model."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

from integration.sim.raw import Raw

from gnatwork_bus.descriptors import ConsumerDescriptor
from gnatwork_bus.history import History
from gnatwork_bus.kv import Bucket
from gnatwork_bus.payloads import Payloads
from gnatwork_bus.retention import archive_run, purge_run
from gnatwork_bus.timers import due_at
from gnatwork_schemas import header_names, subjects

Script = Callable[[Raw], Awaitable[list[Any]]]

_RUN = "history.0.default.w.r1"
_LAST = header_names.EXPECTED_LAST_SUBJECT_SEQUENCE
_LAST_ON = header_names.EXPECTED_LAST_SUBJECT_SEQUENCE_SUBJECT


async def conditions(raw: Raw) -> list[Any]:
    borders = f"{_RUN}.*"
    return [
        await raw.publish(f"{_RUN}.start", b"1", {_LAST: "0", _LAST_ON: borders}),
        await raw.publish(f"{_RUN}.start", b"2", {_LAST: "0", _LAST_ON: borders}),
        await raw.publish(f"{_RUN}.block.a.output", b"3"),
        await raw.publish(f"{_RUN}.complete", b"4", {_LAST: "1", _LAST_ON: borders}),
        await raw.publish(f"{_RUN}.failed", b"5", {_LAST: "1", _LAST_ON: borders}),
        await raw.publish(f"{_RUN}.block.a.claimed.1", b"6", {_LAST: "0"}),
        await raw.publish(f"{_RUN}.block.a.claimed.1", b"7", {_LAST: "0"}),
        await raw.publish(f"{_RUN}.block.a.claimed.1", b"8", {_LAST: "4"}),
        await raw.publish("block.BARRIER", b"", {header_names.EXPECTED_STREAM: "none"}),
        await raw.publish("nowhere.at.all", b""),
        await raw.state(subjects.HISTORY),
    ]


async def work_queue(raw: Raw) -> list[Any]:
    first, second = "block.x.normal.d.r.a.1.input", "block.x.normal.d.r.b.1.input"
    consumer = ConsumerDescriptor(
        stream=subjects.WORK, name="exec-x-normal", filter="block.x.normal.>", ack_wait=30, max_ack_pending=1
    )
    answers = [await raw.publish(first), await raw.publish(first), await raw.publish(second)]
    await raw.create(consumer)
    async with raw.pulling(consumer, {"batch": 5, "expires": 20_000_000_000}) as pull:
        delivered = await pull.next()
        answers += [delivered, await raw.publish(first)]
        await pull.settle(delivered, b"+ACK")
        answers += [after := await pull.next(), await raw.publish(first)]
        await pull.settle(after, b"+TERM no")
        answers += [await pull.next(), await raw.state(subjects.WORK)]
    answers.append(await raw.api(f"STREAM.PURGE.{subjects.WORK}", {"filter": "block.*.*.d.r.>"}))
    return answers


async def removal(raw: Raw) -> list[Any]:
    for name in ("a", "b", "a.x", "c"):
        await raw.publish(f"{_RUN}.{name}", name.encode())
    return [
        await raw.api(f"STREAM.MSG.DELETE.{subjects.HISTORY}", {"seq": 1}),
        await raw.api(f"STREAM.MSG.DELETE.{subjects.HISTORY}", {"seq": 1}),
        await raw.api(f"STREAM.MSG.DELETE.{subjects.HISTORY}", {"seq": 77}),
        await raw.state(subjects.HISTORY),
        await raw.api(f"STREAM.PURGE.{subjects.HISTORY}", {"filter": f"{_RUN}.a.*"}),
        await raw.state(subjects.HISTORY),
        await raw.api(f"STREAM.PURGE.{subjects.HISTORY}", {"filter": f"{_RUN}.>"}),
        await raw.state(subjects.HISTORY),
        await raw.publish(f"{_RUN}.a", b"", {_LAST: "0"}),
        await raw.publish(f"{_RUN}.a", b"2"),
        await raw.publish(f"{_RUN}.b", b"3"),
        await raw.api(f"STREAM.PURGE.{subjects.HISTORY}", {"filter": f"{_RUN}.*", "seq": 6}),
        await raw.state(subjects.HISTORY),
    ]


async def expiry(raw: Raw) -> list[Any]:
    """What carries a time to live goes; the last one of a key leaves a marker."""
    bucket, ttl = subjects.bucket_stream(subjects.STATUS_BUCKET), {header_names.TTL: "1s"}
    key = subjects.bucket_subject(subjects.STATUS_BUCKET, "default.a")
    archive = f"{subjects.ARCHIVE}"
    consumer = ConsumerDescriptor(stream=bucket, name="all", filter="$KV.>", ack_wait=30, max_ack_pending=10)
    await raw.create(consumer)
    answers = [
        await raw.publish("archive.d.w.r.0", b"1", ttl),
        await raw.publish("archive.d.w.r.1", b"2", {header_names.TTL: "900s"}),
        await raw.publish("payload.d.r.x.0", b"", ttl),
        await raw.publish(key, b"1", ttl),
        # Replaced before it goes.
        await raw.publish(key, b"2", {header_names.TTL: "3s"}),
    ]
    async with raw.pulling(consumer, {"batch": 5, "expires": 30_000_000_000}) as pull:
        answers += [await pull.next(), await pull.next()]
    return [
        *answers,
        await raw.state(bucket),
        await raw.direct(bucket, {"last_by_subj": key}),
        await raw.publish(key, b"3", {_LAST: "2"}),
        await raw.publish(key, b"3", {_LAST: "3"}),
        await raw.state(archive),
        await raw.direct(archive, {"multi_last": ["archive.d.w.r.0", "archive.d.w.r.1"], "batch": 10}),
    ]


async def retention(raw: Raw) -> list[Any]:
    connection = raw.connection
    history, payloads, statuses = History(connection, 8), Payloads(connection), Bucket(connection, "gnatwork_status")
    run_id = "01931d2e-0000-7000-8000-000000000001"
    base = subjects.history_base(history.shard(run_id), "d", "w", run_id)
    timer, headers = due_at(base, "timeout", raw.now() + 600)
    for name in ("start", "block.a.output", "complete", "block.b.output"):
        await raw.publish(f"{base}.{name}", b"{}", {"traceparent": "t"})
    await raw.publish(timer, b"{}", headers)
    await raw.publish(f"block.x.normal.d.{run_id}.a.1.input")
    await payloads.put("d", run_id, bytes(600_000), "a")
    await statuses.put(f"d.{run_id}", b"{}", ttl=1)
    streams = (subjects.HISTORY, subjects.WORK, subjects.PAYLOADS, subjects.ARCHIVE)
    answers: list[Any] = [[await raw.state(stream) for stream in streams]]
    await archive_run(history, history.archive, payloads, "d", "w", run_id, 1)
    answers.append([await raw.state(stream) for stream in streams])
    loaded = await history.load("d", run_id)
    answers.append([(loaded.archived, event.subject, event.sequence, event.headers) for event in loaded.messages])
    while not await history.last(f"{subjects.retention_base(history.shard(run_id), 'd', run_id)}.timer.purge.fired"):
        await payloads.any("d", run_id)
    await purge_run(history, history.archive, payloads, statuses, "d", run_id)
    return [*answers, [await raw.state(stream) for stream in streams], await statuses.get(f"d.{run_id}")]


async def reading(raw: Raw) -> list[Any]:
    stream = subjects.HISTORY
    for number, name in enumerate(("a", "b.c", "a", "b.d", "b.c")):
        await raw.publish(f"{_RUN}.{name}", str(number).encode(), {"own": str(number)} if number % 2 else None)
    await raw.publish("$KV.gnatwork_state.k", b"1")
    await raw.publish("$KV.gnatwork_state.k", b"2")
    return [
        await raw.direct(stream, {"last_by_subj": f"{_RUN}.b.*"}),
        await raw.direct(stream, {"last_by_subj": f"{_RUN}.a"}),
        await raw.direct(stream, {"last_by_subj": f"{_RUN}.z"}),
        await raw.direct(stream, {"seq": 2}),
        await raw.direct(stream, {"seq": 9}),
        await raw.direct(stream, {"seq": 2, "next_by_subj": f"{_RUN}.a"}),
        await raw.direct(stream, {"seq": 1, "next_by_subj": f"{_RUN}.>", "batch": 3}),
        await raw.direct(stream, {"seq": 4, "next_by_subj": f"{_RUN}.>", "batch": 3}),
        await raw.direct(stream, {"seq": 6, "next_by_subj": f"{_RUN}.>", "batch": 3}),
        await raw.direct(stream, {"multi_last": [f"{_RUN}.>"], "batch": 10}),
        await raw.direct(stream, {"multi_last": [f"{_RUN}.b.c", f"{_RUN}.z", f"{_RUN}.a"], "batch": 1024}),
        await raw.direct(stream, {"multi_last": [f"{_RUN}.b.c", f"{_RUN}.b.d"], "batch": 1}),
        await raw.direct(stream, {"multi_last": [f"{_RUN}.z.*"], "batch": 10}),
        await raw.direct("KV_gnatwork_state", {"seq": 1, "next_by_subj": "$KV.gnatwork_state.>", "batch": 10}),
        await raw.api(f"STREAM.MSG.GET.{stream}", {"last_by_subj": f"{_RUN}.b.>"}),
        await raw.api(f"STREAM.MSG.GET.{stream}", {"last_by_subj": f"{_RUN}.z"}),
        await raw.api(f"STREAM.MSG.GET.{stream}", {"seq": 1}),
        await raw.api(f"STREAM.MSG.GET.{stream}", {"seq": 99}),
    ]


async def schedules(raw: Raw) -> list[Any]:
    def at(seconds: float, target: str, **own: str) -> dict[str, str]:
        due = datetime.fromtimestamp(raw.now() + seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        return {
            header_names.SCHEDULE: f"@at {due}",
            header_names.SCHEDULE_TARGET: f"{_RUN}.timer.{target}.fired",
            **own,
        }

    async with raw.listening("workflow.>") as live:
        answers = [
            await raw.publish(f"{_RUN}.timer.gone", b"g", at(0.6, "gone")),
            await raw.publish(f"{_RUN}.timer.again", b"1", at(0.4, "again")),
            await raw.publish(f"{_RUN}.timer.again", b"2", at(1.0, "again")),
            await raw.api(f"STREAM.PURGE.{subjects.HISTORY}", {"filter": f"{_RUN}.timer.gone"}),
            await raw.publish(f"{_RUN}.timer.late", b"l", at(-5, "late", traceparent="t")),
        ]
        seen: list[Any] = []
        while not seen or not seen[-1]["subject"].endswith("again.fired"):
            seen.append(await live.next())
    return [
        *answers,
        [message["subject"] for message in seen],
        await raw.state(subjects.HISTORY),
        await raw.direct(subjects.HISTORY, {"seq": 1, "next_by_subj": f"{_RUN}.>", "batch": 10}),
    ]


async def redelivery(raw: Raw) -> list[Any]:
    consumer = ConsumerDescriptor(
        stream=subjects.HISTORY, name="again", filter="history.0.>", ack_wait=1, max_ack_pending=100
    )
    await raw.create(consumer)
    for name in ("a", "b", "c"):
        await raw.publish(f"{_RUN}.{name}", name.encode())
    async with raw.pulling(consumer, {"batch": 30, "expires": 30_000_000_000}) as pull:
        a, b, c = [await pull.next() for _ in range(3)]
        await pull.settle(a, b"-NAK")
        answers = [a, b, c, again := await pull.next()]
        await pull.settle(again, b'-NAK {"delay": 100000000}')
        answers.append(later := await pull.next())
        # What is said of an earlier delivery counts as well.
        await pull.settle(a, b"+ACK")
        answers += [await pull.next(), await pull.next(), later["delivered"]]
        answers.append(await raw.consumer(consumer))
        await pull.settle(c, b"+TERM enough")
        answers.append(await raw.consumer(consumer))
        await pull.settle(b, b"+ACK")
        answers.append(await raw.consumer(consumer))
        await raw.publish("block.elsewhere")
        await raw.publish(f"{_RUN}.d")
        answers += [await pull.next(), await raw.consumer(consumer)]
    return answers


async def pins(raw: Raw) -> list[Any]:
    consumer = ConsumerDescriptor(
        stream=subjects.HISTORY,
        name="pinned",
        filter="history.0.>",
        ack_wait=30,
        max_ack_pending=100,
        pinned_group="g",
        pin_timeout=1.0,
    )
    await raw.create(consumer)
    request = {"batch": 2, "expires": 2_500_000_000, "group": "g"}
    await raw.publish(f"{_RUN}.a")
    answers: list[Any] = []
    async with raw.pulling(consumer, request) as first, raw.pulling(consumer, request) as second:
        answers.append(a := await first.next())
        await raw.publish(f"{_RUN}.b")
        answers.append(await first.next())
        await raw.publish(f"{_RUN}.c")
        # The first asks no more, so its pin lapses.
        answers.append(c := await second.next())
        answers.append(raw.pin(a) != raw.pin(c))
        await first.ask({**request, "id": raw.pin(a)})
        answers.append(await first.next())
        await second.ask({**request, "id": raw.pin(c)})
        await first.ask({**request, "group": "other"})
        answers.append(await first.next())
        await first.ask({**request, "expires": 50_000_000})
        answers.append(await first.next())
        answers += [await second.next(), await second.next()]
    return answers


async def consumers(raw: Raw) -> list[Any]:
    consumer = ConsumerDescriptor(
        stream=subjects.WORK, name="few", filter="block.x.normal.>", ack_wait=30, max_ack_pending=2
    )
    answers = [await raw.api(f"CONSUMER.INFO.{subjects.WORK}.few", None)]
    answers.append(await raw.api("STREAM.INFO.NONE", None))
    async with raw.pulling(consumer, {"batch": 1}) as pull:
        answers.append(await pull.next())
    for number in range(4):
        await raw.publish(f"block.x.normal.d.r.a.{number}.input", str(number).encode())
    await raw.create(consumer)
    beats = {"batch": 5, "expires": 1_000_000_000, "idle_heartbeat": 400_000_000}
    async with raw.pulling(consumer, beats) as pull:
        answers += [await pull.next() for _ in range(5)]
        answers.append(await raw.consumer(consumer))
    return answers


SCRIPTS: tuple[Script, ...] = (
    conditions,
    work_queue,
    removal,
    expiry,
    retention,
    reading,
    schedules,
    redelivery,
    pins,
    consumers,
)
