"""One attempt of one task, from its delivery until its outcome is stored and the item acknowledged."""

import asyncio
import logging
import time
from collections.abc import Callable
from enum import Enum
from functools import partial
from typing import Any

from gnatwork_blocks.block import Block
from gnatwork_blocks.context import BlockContext
from gnatwork_blocks.errors import BlockError
from gnatwork_blocks.output import encode_output
from gnatwork_bus.delivery import Delivery
from gnatwork_bus.hand_back import hand_back, vanished
from gnatwork_bus.patience import FIRST_WAIT, LONGEST_WAIT, until_available
from gnatwork_engine.deferred import connections_of
from gnatwork_engine.redaction import Redactor
from gnatwork_executor.admission import claim, is_leftover, is_outdated, is_suspicious
from gnatwork_executor.config import resolved
from gnatwork_executor.contexts import context_of, in_thread
from gnatwork_executor.failure import blocked_loop, claimed_before, describe, lost, timed_out, unforeseen
from gnatwork_executor.live import STARTED_AFTER, LiveEvents
from gnatwork_executor.outcome import Outcome, error_outcome, must_be_stored, output_outcome
from gnatwork_executor.ports import Hosted, Ports
from gnatwork_executor.secrets import redacted_error, redactor
from gnatwork_executor.statistics import Statistics
from gnatwork_schemas.error import ErrorInfo
from gnatwork_schemas.errors import GnatworkError
from gnatwork_schemas.header_names import TRACEPARENT
from gnatwork_schemas.messages import Work
from gnatwork_schemas.payload import PayloadRef

log = logging.getLogger(__name__)

#: Seconds that a block gets to clean up after it was told to stop.
GRACE = 5.0
#: Seconds after which an item that this process can't run is delivered again, to whoever asks first.
ELSEWHERE_AFTER = 2.0
#: What a config is that a block does not take.
_CONFIG_INVALID = "block.config_invalid"
#: How often it is delivered before it fails where it came last.
_MOST_ELSEWHERE = 30


class Stop(Enum):
    """Why an attempt is stopped, and what becomes of its item."""

    #: It took too long: the error `block.timeout` is published.
    TIMEOUT = "timeout"
    #: It kept the event loop from turning: the error `block.blocked_loop` is published.
    BLOCKED = "blocked"
    #: Its run was cancelled: nobody wants an outcome, the item is acknowledged.
    CANCEL = "cancel"
    #: The process leaves: the item goes back to the queue.
    HAND_BACK = "hand back"
    #: It is for a newer version of the block: likewise, after a while.
    ELSEWHERE = "elsewhere"


class Attempt:
    """Runs as one task of the event loop, plus timers; `on_end` is called exactly once, when the item is settled."""

    __slots__ = (
        "_begun",
        "_concluded",
        "_context",
        "_delivery",
        "_headers",
        "_hosted",
        "_live",
        "_loop",
        "_on_end",
        "_outcome",
        "_ports",
        "_redactor",
        "_running_since",
        "_started_at",
        "_stop",
        "_timer",
        "_wait",
        "abandoned",
        "task",
        "work",
    )

    def __init__(
        self, delivery: Delivery, work: Work, hosted: Hosted, ports: Ports, on_end: Callable[["Attempt"], None]
    ) -> None:
        self.work = work
        self.abandoned = False
        self._delivery = delivery
        self._hosted = hosted
        self._ports = ports
        self._on_end: Callable[[Attempt], None] | None = on_end
        traceparent = delivery.headers.get(TRACEPARENT) if delivery.headers else None
        self._headers = {TRACEPARENT: traceparent} if traceparent else None
        self._live = LiveEvents(work, ports.executor, ports.tell)
        self._context: BlockContext | None = None
        #: Takes out what the attempt was given of connections.
        self._redactor: Redactor | None = None
        self._started_at = 0.0
        self._running_since = 0.0
        self._timer: asyncio.TimerHandle | None = None
        self._stop: Stop | None = None
        self._begun = False
        self._concluded = False
        self._outcome: Outcome | None = None
        self._wait = FIRST_WAIT
        self._loop = asyncio.get_running_loop()
        #: Keeps the loop from forgetting it.
        self.task = self._loop.create_task(self._run())

    @property
    def sequence(self) -> int:
        """The item's place in the work queue."""
        return self._delivery.sequence

    @property
    def block(self) -> type[Block]:
        """What it runs."""
        return type(self._hosted.block)

    @property
    def statistics(self) -> Statistics:
        """The counters of its block type."""
        return self._hosted.statistics

    def renew(self) -> None:
        """Tell the server that the item is still worked on."""
        self._delivery.in_progress()

    def stop(self, why: Stop) -> None:
        """Stop the block; the first reason counts. It is left behind if it does not stop within `GRACE`."""
        if self._concluded:
            # The block is done, only its outcome could not be stored yet.
            self._release(why)
        elif self._stop is None:
            self._stop = why
            self._halt()

    def note_blocking(self) -> None:
        """It keeps the event loop from turning, and has failed whatever it does; told from another thread."""
        self._stop = self._stop or Stop.BLOCKED

    def last_words(self) -> tuple[Outcome, dict[str, str] | None]:
        """Its outcome and the headers of that, where the process ends because of it; asked by another thread."""
        return self._failed(blocked_loop()), self._headers

    def halt_blocking(self) -> None:
        """The loop turns again: stop the block if it is not at its end."""
        if not self._concluded:
            self._halt()

    def _halt(self) -> None:
        if self._context is not None:
            self._context.cancelled = True
        if self._begun:
            self.task.cancel()
        self._set_timer(GRACE, self._abandon)

    async def _run(self) -> None:
        self._begun = True
        try:
            result = await self._result() if self._stop is None else None
        except asyncio.CancelledError as error:
            # `_conclude` knows why, unless nobody asked for it.
            result = self._failed(unforeseen(self.work, error).info) if self._stop is None else None
        except Exception as error:  # noqa: BLE001 - whatever it is, it is this attempt's outcome
            result = self._failed(describe(self.work, error, self._hosted.block.retryable))
        self._conclude(result)

    async def _result(self) -> Outcome | None:
        """The outcome; None when the attempt has one already."""
        work, ports, block = self.work, self._ports, self._hosted.block
        if self._delivery.delivered > ports.max_deliveries and await self._is_poison():
            return self._failed(lost(ports.max_deliveries))
        if is_suspicious(self._delivery, work) and await is_leftover(ports.history, work):
            return None
        config = await self._resolved_config() if work.deferred else work.config
        # What may run once is claimed last: handed back before, another executor can still run it.
        if block.runs_in == "process":
            async with ports.processes.place():
                await self._claim()
                value = await self._computed(config)
        elif block.runs_in == "thread":
            config = await self._parsed(config)
            async with ports.threads.place(self._note_left_behind) as place:
                await self._claim()
                value = await self._run_block(place.run(partial(block.run, in_thread(self._make_context()), config)))
        else:
            config = await self._parsed(config)
            await self._claim()
            value = await self._run_block(block.run(self._make_context(), config))
        encoded = self._encoded(value)
        # It may be large, and storing it may take long.
        del value
        stored = await self._stored_payload(encoded) if must_be_stored(encoded) else encoded
        return output_outcome(work, stored, self._started_at, time.time(), ports.executor)

    async def _resolved_config(self) -> Any:
        """The config with what the scheduler has not opened."""
        work, ports = self.work, self._ports
        connections = None
        if names := connections_of(work.config, work.deferred):
            connections, self._redactor = await ports.connections.get(work, names)
            # From here on, whatever this attempt says goes through it.
            redactor.set(self._redactor)
        return await resolved(ports, (work.namespace, work.run_id), work.config, work.deferred, connections)

    async def _parsed(self, config: Any) -> Any:
        """The config as the block takes it."""
        try:
            return self._hosted.block.parse_config(config)
        except BlockError:
            await self._leave_if_outdated()
            raise

    async def _computed(self, config: Any) -> Any:
        """What the block returns in a worker process, where it reads its config, too."""
        try:
            return await self._run_block(self._ports.processes.run(self._hosted.block.compute, config, self._redactor))
        except BlockError as error:
            # An item that is claimed runs nowhere else.
            if error.code == _CONFIG_INVALID and self.work.idempotent:
                await self._leave_if_outdated()
            raise

    async def _leave_if_outdated(self) -> None:
        """Leave the item to an executor that hosts a newer version of the block, if the catalogue knows of one."""
        block = type(self._hosted.block)
        if self._delivery.delivered > _MOST_ELSEWHERE or not await is_outdated(self._ports.state, block):
            return
        log.warning("%s is for a newer version of %s than is hosted here", self.work.task, block.type)
        self._stop = self._stop or Stop.ELSEWHERE
        raise asyncio.CancelledError

    async def _is_poison(self) -> bool:
        """Whether so many executors vanished with the item that it may be what kills them."""
        connection, delivery = self._ports.connection, self._delivery
        return await until_available(lambda: vanished(connection, delivery)) >= self._ports.max_deliveries

    async def _claim(self) -> None:
        """Make sure that nobody else runs what may run once; raises BlockError `executor.lost`."""
        if not self.work.idempotent and not await claim(self._ports.history, self.work, self._ports.executor):
            raise claimed_before()

    async def _run_block(self, running: Any) -> Any:
        """What the block returns, within its time."""
        self._begin()
        try:
            value = await running
        except BlockError:
            raise
        except (Exception, SystemExit) as error:
            raise unforeseen(self.work, error) from error
        finally:
            self._end_of_block()
        if self._stop is not None:
            # It was told to stop and went on.
            raise asyncio.CancelledError
        return value

    def _make_context(self) -> BlockContext:
        traceparent = self._headers[TRACEPARENT] if self._headers else None
        self._context = context_of(self.work, self._live, self._ports, self._redactor, traceparent)
        return self._context

    def _begin(self) -> None:
        self._started_at = time.time()
        self._running_since = self._loop.time()
        self._hosted.statistics.attempts += 1
        self._set_timer(min(self.work.timeout, STARTED_AFTER), self._look)

    def _look(self) -> None:
        """The block did not end at once: say so, then wait for its timeout."""
        left = self.work.timeout - (self._loop.time() - self._running_since)
        if left <= 0:
            self.stop(Stop.TIMEOUT)
            return
        self._live.started(self._started_at)
        self._set_timer(left, self.stop, Stop.TIMEOUT)

    def _end_of_block(self) -> None:
        self._hosted.statistics.seconds += self._loop.time() - self._running_since
        self._live.close()
        if self._stop is None:
            self._clear_timer()

    def _encoded(self, value: Any) -> bytes:
        """The block's value as JSON."""
        encoded = encode_output(type(self._hosted.block), value)
        return self._redactor.encoded(encoded) if self._redactor else encoded

    async def _stored_payload(self, encoded: bytes) -> PayloadRef:
        work, payloads = self.work, self._ports.payloads
        name = f"{work.task}-{work.attempt}"
        return await until_available(lambda: payloads.put(work.namespace, work.run_id, encoded, name))

    def _failed(self, info: ErrorInfo) -> Outcome:
        now = time.time()
        if self._redactor:
            info = redacted_error(info, self._redactor)
        return error_outcome(self.work, info, self._started_at or now, now, self._ports.executor)

    def _conclude(self, result: Outcome | None) -> None:
        """The block has ended, or was left behind: publish what came of it, or settle the item without."""
        if self._concluded:
            return
        self._concluded = True
        self._clear_timer()
        if self._stop is Stop.TIMEOUT:
            result = self._failed(timed_out(self.work))
        elif self._stop is Stop.BLOCKED:
            result = self._failed(blocked_loop())
        elif self._stop is not None:
            self._release(self._stop)
            return
        if result is None:
            self._release(Stop.CANCEL)
            return
        self._outcome = result
        self._publish()

    def _release(self, why: Stop) -> None:
        """Settle the item without an outcome."""
        if why in {Stop.HAND_BACK, Stop.ELSEWHERE}:
            self._hosted.statistics.handed_back += 1
            delay = ELSEWHERE_AFTER if why is Stop.ELSEWHERE else None
            hand_back(self._ports.connection, self._delivery, delay)
        else:
            self._hosted.statistics.skipped += 1
            self._delivery.ack()
        self._end()

    def _publish(self) -> None:
        """Store the outcome; the item is acknowledged when it is."""
        connection, outcome = self._ports.connection, self._outcome
        if outcome is None or self._on_end is None:
            return
        if connection.is_connected:
            connection.publisher.send(outcome.subject, outcome.body, self._published, self._headers)
        else:
            self._publish_later()

    def _published(self, answer: int | GnatworkError) -> None:
        if self._on_end is None:
            return
        if isinstance(answer, int):
            if self._outcome is not None and self._outcome.code is not None:
                self._hosted.statistics.errors[self._outcome.code] += 1
            self._delivery.ack()
            self._end()
            return
        log.warning("outcome of %s in run %s not stored yet: %s", self.work.task, self.work.run_id, answer)
        self._publish_later()

    def _publish_later(self) -> None:
        """The work is done and shall not be done again: keep its outcome until it can be stored."""
        self._set_timer(self._wait, self._publish)
        self._wait = min(self._wait * 2, LONGEST_WAIT)

    def _abandon(self) -> None:
        """The block does not stop. It can't be killed, but nobody waits for it any more."""
        self.abandoned = True
        self._note_left_behind()
        self._conclude(None)

    def _note_left_behind(self) -> None:
        log.error("%s of run %s does not stop and is left behind", self.work.task, self.work.run_id)
        self._hosted.statistics.abandoned += 1

    def _end(self) -> None:
        on_end, self._on_end = self._on_end, None
        self._clear_timer()
        if on_end is not None:
            on_end(self)

    def _set_timer(self, seconds: float, callback: Callable[..., None], *args: Any) -> None:
        self._clear_timer()
        self._timer = self._loop.call_later(seconds, callback, *args)

    def _clear_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
