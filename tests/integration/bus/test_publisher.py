import asyncio
from pathlib import Path

import pytest

from gnatwork_bus.connection import Connection
from gnatwork_bus.embedded import EmbeddedServer
from gnatwork_bus.patience import until_available
from gnatwork_bus.publisher import QueuedAlreadyError
from gnatwork_bus.reconcile import reconcile
from gnatwork_schemas import header_names
from gnatwork_schemas.errors import ConflictError, GnatworkError, MessageTooLargeError, UnavailableError

ITEM = "block.noop.normal.default.run.task.1.input"


async def test_each_message_is_answered_with_its_place_in_the_stream(bus: Connection) -> None:
    sequences = await asyncio.gather(
        *(bus.publisher.publish(f"history.1.default.w.r.block.t{n}.output", b"{}") for n in range(500))
    )
    assert sorted(sequences) == list(range(1, 501))
    assert bus.publisher.unanswered == 0


async def test_an_expectation_that_is_not_met_is_a_conflict(bus: Connection) -> None:
    expect = {header_names.EXPECTED_LAST_SUBJECT_SEQUENCE: "0"}
    await bus.publisher.publish("history.1.default.w.r.start", b"{}", expect)
    with pytest.raises(ConflictError):
        await bus.publisher.publish("history.1.default.w.r.start", b"{}", expect)


async def test_an_attempt_can_not_be_queued_twice(bus: Connection) -> None:
    await bus.publisher.publish(ITEM, b"{}")
    with pytest.raises(QueuedAlreadyError):
        await bus.publisher.publish(ITEM, b"{}")


async def test_a_subject_without_a_stream_is_unavailable(connection: Connection) -> None:
    with pytest.raises(UnavailableError):
        await connection.publisher.publish("nowhere", b"{}")


@pytest.mark.parametrize("headers", [{}, {"A": "b"}])
async def test_a_message_that_the_server_does_not_take_is_refused_at_once(
    bus: Connection, headers: dict[str, str]
) -> None:
    room = bus.nc.max_payload - (len("NATS/1.0\r\nA: b\r\n\r\n") if headers else 0)
    lost = asyncio.Event()
    bus.on_disconnect(lost.set)
    with pytest.raises(MessageTooLargeError):
        await bus.publisher.publish("history.1.default.w.r.start", bytes(room + 1), headers)
    assert bus.publisher.unanswered == 0
    assert await bus.publisher.publish("history.1.default.w.r.start", bytes(room), headers) == 1
    assert not lost.is_set()


async def test_who_is_patient_does_not_wait_for_what_is_never_taken(bus: Connection) -> None:
    async def publish() -> int:
        return await bus.publisher.publish("history.1.default.w.r.start", bytes(bus.nc.max_payload + 1))

    with pytest.raises(MessageTooLargeError):
        await until_available(publish)


async def test_who_waits_is_told_when_the_server_goes(tmp_path: Path) -> None:
    async with EmbeddedServer(tmp_path) as server, Connection.open(server.url, name="test") as connection:
        await reconcile(connection)
        told: asyncio.Future[int | GnatworkError] = asyncio.get_running_loop().create_future()
        gone = asyncio.Event()
        connection.on_disconnect(gone.set)
        # Nobody answers a subject without a stream that has a listener.
        await connection.listen("silence", lambda *_: None)
        connection.publisher.send("silence", b"", told.set_result)
        await server.stop()
        await gone.wait()
        assert isinstance(await told, UnavailableError)
