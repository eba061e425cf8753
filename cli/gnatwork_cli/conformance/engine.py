"""Plays the engine: queues work items and sees what becomes of them."""

from typing import Any

import orjson

from gnatwork_bus.connection import ApiError, Connection
from gnatwork_bus.direct import direct_get
from gnatwork_bus.history import History
from gnatwork_bus.kv import Bucket
from gnatwork_bus.message import StoredMessage
from gnatwork_bus.payloads import Payloads
from gnatwork_cli.conformance.item import NAMESPACE, WORKFLOW, Item, history_base, make_work, run_ids, tokens_of
from gnatwork_cli.conformance.verdict import Unmet
from gnatwork_cli.conformance.wire import Seen, Wire
from gnatwork_schemas import subjects
from gnatwork_schemas.catalogue import BlockType
from gnatwork_schemas.executors import LivingExecutor
from gnatwork_schemas.messages import Error, Output, Start, Work

#: Seconds that an executor gets for what it ought to do at once.
PATIENCE = 30.0


class Engine:
    """The scheduler's side of the protocol, for one block type."""

    def __init__(self, connection: Connection, type_: str, shards: int, wire: Wire) -> None:
        self.connection = connection
        self.type = type_
        self.wire = wire
        self.history = History(connection, shards)
        self.payloads = Payloads(connection)
        self.state = Bucket(connection, subjects.STATE_BUCKET)
        self._run_ids = run_ids()

    @classmethod
    async def begin(cls, connection: Connection, type_: str, shards: int) -> "Engine":
        """Listen to all that executors of this type say, from now on."""
        acks = [f"{subjects.ACK_PREFIX}WORK.{subjects.executor_consumer(type_, lane)}.>" for lane in subjects.LANES]
        wire = await Wire.tap(
            connection, subjects.history_of(NAMESPACE, WORKFLOW) + ".>", subjects.LIVE_SUBJECTS, *acks
        )
        return cls(connection, type_, shards, wire)

    def make(self, config: Any, **fields: Any) -> Work:
        """A work item as the scheduler makes it, of a run of its own."""
        run_id = next(self._run_ids)
        return make_work(self.type, run_id, self.history.shard(run_id), config, **fields)

    async def begin_run(self, work: Work) -> None:
        """Append the start of the item's run."""
        start = Start(run_id=work.run_id, workflow=WORKFLOW, control_block="sha256-conformance")
        await self.history.begin(history_base(work), start.model_dump_json().encode())

    async def send(self, config: Any, *, lane: str = subjects.NORMAL_LANE, **fields: Any) -> Item:
        """Begin a run and queue an item of it."""
        work = self.make(config, **fields)
        await self.begin_run(work)
        return await self.queue(work, lane=lane)

    async def queue(
        self,
        work: Work,
        *,
        lane: str = subjects.NORMAL_LANE,
        body: bytes | None = None,
        headers: dict[str, str] | None = None,
    ) -> Item:
        """Queue an item; `body` in the place of its own."""
        data = work.model_dump_json().encode() if body is None else body
        return Item(
            work, await self.connection.publisher.publish(subjects.work_item(tokens_of(work, lane)), data, headers)
        )

    async def output(self, item: Item, patience: float = PATIENCE) -> Any:
        """What the attempt yields."""
        outcome = await self._outcome(item, patience)
        if isinstance(outcome, Error):
            raise Unmet(f"the task failed with {outcome.error.code}: {outcome.error.message}")
        return outcome.output

    async def error(self, item: Item, patience: float = PATIENCE) -> Error:
        """The error that the attempt fails with."""
        outcome = await self._outcome(item, patience)
        if isinstance(outcome, Output):
            raise Unmet(f"the task yielded {_shown(outcome.output)} and ought to have failed")
        return outcome

    async def outcome(self, item: Item, patience: float = PATIENCE) -> Output | Error:
        """Whichever comes of the attempt."""
        return await self._outcome(item, patience)

    def outcomes(self, item: Item) -> list[Seen]:
        """All outcomes of its task that were stored so far."""
        wanted = {subjects.live_event(item.work.run_id, event(item.work.task)) for event in _OUTCOMES}
        return self.wire.all(lambda seen: seen.subject in wanted)

    async def settled(self, item: Item, *verbs: bytes, patience: float = PATIENCE) -> Seen:
        """The answer to the item that starts with one of these verbs."""
        return await self.wire.first(
            lambda seen: _is_about(seen, item) and seen.data.startswith(verbs),
            patience,
            f"the item was not settled with {' or '.join(verb.decode() for verb in verbs)}",
        )

    def answers(self, item: Item) -> list[bytes]:
        """How the item was answered so far."""
        return [seen.data for seen in self.wire.all(lambda seen: _is_about(seen, item))]

    def answer_subjects(self, item: Item) -> list[str]:
        """Where these answers went: each subject tells which delivery it answers."""
        return [seen.subject for seen in self.wire.all(lambda seen: _is_about(seen, item))]

    async def consumer(self, lane: str = subjects.NORMAL_LANE) -> dict[str, Any] | None:
        """What the server says of the consumer of a lane; None when there is none."""
        try:
            return await self.connection.api(f"CONSUMER.INFO.WORK.{subjects.executor_consumer(self.type, lane)}")
        except ApiError as error:
            if error.status == 404:
                return None
            raise

    async def note(self, item: subjects.WorkSubject, delivery: int) -> StoredMessage | None:
        """The note that a delivery of an item was handed back; None when there is none."""
        return await direct_get(
            self.connection, subjects.PAYLOADS, {"last_by_subj": subjects.handed_back(item, delivery)}
        )

    async def entry(self) -> BlockType | None:
        """What the catalogue says of the type."""
        found = await self.state.get(subjects.catalogue_key(self.type))
        return BlockType.model_validate_json(found.value) if found else None

    async def living(self) -> list[LivingExecutor]:
        """The executors that have a lease."""
        entries = await self.state.list(subjects.executor_key("*"))
        return [LivingExecutor.model_validate_json(entry.value) for entry in entries]

    async def _outcome(self, item: Item, patience: float) -> Output | Error:
        work = item.work
        wanted = {subjects.live_event(work.run_id, event(work.task)): body for event, body in _OUTCOMES.items()}
        seen = await self.wire.first(lambda seen: seen.subject in wanted, patience, "there is no outcome")
        outcome = wanted[seen.subject].model_validate_json(seen.data)
        if (outcome.task, outcome.attempt) != (work.task, work.attempt):
            raise Unmet(f"the outcome is of attempt {outcome.attempt} of {outcome.task!r}")
        return outcome


_OUTCOMES: dict[Any, type[Output | Error]] = {subjects.output_event: Output, subjects.error_event: Error}


def _is_about(seen: Seen, item: Item) -> bool:
    """Whether a message answers an item: its subject has the item's place in the queue."""
    tokens = seen.subject.split(".")
    return tokens[:2] == ["$JS", "ACK"] and tokens[-4] == str(item.sequence)


def _shown(value: Any) -> str:
    text = orjson.dumps(value).decode()
    return text if len(text) <= 200 else f"{text[:200]}…"
