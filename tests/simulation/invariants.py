"""What must hold, checked with each stored message, with each step of a scheduler, and at the end."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

import orjson
from support.sim.streams import Stored, Stream
from support.workflows import PLAIN

from gnatwork_blocks.context import BlockContext
from gnatwork_bus.archive import ArchiveInfo
from gnatwork_engine.core import Event, RunState, parse_event
from gnatwork_engine.core.actions import Action, Dispatch
from gnatwork_schemas import header_names, subjects
from gnatwork_schemas.control_block import ControlBlock
from gnatwork_schemas.messages import CancelRequest, Error, LimitGranted, LimitRefused, Output, Start
from gnatwork_schemas.payload import CHUNK_SIZE, PayloadRef
from gnatwork_schemas.status import RunSummary
from simulation.ledger import Ledger
from simulation.observed import ObservedRun
from simulation.paths import index_of

_STATUS = subjects.bucket_stream(subjects.STATUS_BUCKET)
_LIMITS, _LEFT = f".{subjects.LIMIT_WORKFLOW}.", f".{subjects.RETENTION_WORKFLOW}."
#: Seconds within which a run is stopped that nobody waits for any more, once there are no faults.
_FORSAKEN = 20.0
#: Seconds for which runs are kept at most where it is to be seen that they go.
_SOON = 60.0


class Invariants:
    """Sees everything that happens in one simulation."""

    def __init__(self, streams: Mapping[str, Stream]) -> None:
        self.violations: list[str] = []
        self.counts: Counter[str] = Counter()
        self.runs: dict[str, ObservedRun] = {}
        self._streams = streams
        self._control_blocks: dict[str, ControlBlock] = {}
        self._expected: set[str] = set()
        self._ledger = Ledger()
        #: Per process: outcomes that it has folded in, and runs that it knows are to stop.
        self._known: set[tuple[str, str, str, int]] = set()
        self._stopped: set[tuple[str, str]] = set()
        self._begun: Counter[tuple[str, str, int]] = Counter()

    def know(self, digest: str, control_block: ControlBlock) -> None:
        """A control block is going to be stored."""
        self._control_blocks[digest] = control_block

    def expect(self, run_id: str) -> None:
        """A run is going to be started."""
        self._expected.add(run_id)

    def fail(self, text: str) -> None:
        """Something is wrong."""
        self.violations.append(text)

    def has_ended(self, run_id: str) -> bool:
        """Whether a run has come to its end."""
        run = self.runs.get(run_id)
        return run is not None and run.end is not None

    def child_of(self, run_id: str) -> str | None:
        """The history base of a child run that goes on."""
        found = (run for run in self.runs.values() if run.start.parent == run_id and run.end is None)
        return next((run.base for run in found), None)

    def stored(self, stream: str, message: Stored, origin: str) -> None:
        """A message was stored."""
        self.counts[stream] += 1
        if stream == subjects.HISTORY:
            self._history(message)
        elif stream == subjects.WORK:
            self._work(message, origin)
        elif stream == _STATUS and message.data:
            self._status(message)
        elif stream == subjects.ARCHIVE:
            self._archived(message)
        elif stream == subjects.DEAD_LETTERS:
            self.fail(f"a dead letter: {message.subject} {message.data.decode()}")

    def applied(self, process: str, event: Event) -> None:
        """A scheduler has folded in an event."""
        if isinstance(event.body, Output | Error):
            self._known.add((process, event.base, event.body.task, event.body.attempt))
        elif isinstance(event.body, CancelRequest):
            self._stopped.add((process, event.base))

    def decided(self, process: str, state: RunState, actions: tuple[Action, ...]) -> None:
        """A scheduler is going to do something."""
        for action in actions:
            if not isinstance(action, Dispatch):
                continue
            if (process, state.base, action.task, action.attempt) in self._known:
                self.fail(
                    f"{process} dispatches {action.task} {action.attempt} of {state.base}, whose outcome it knows"
                )
            if (process, state.base) in self._stopped:
                self.fail(f"{process} dispatches {action.task} of {state.base}, which it knows is to stop")

    def begun(self, ctx: BlockContext, config: Any) -> None:
        """A block begins to run."""
        run, key = self.runs[ctx.run_id], (ctx.run_id, ctx.task, ctx.attempt)
        self._begun[key] += 1
        if self._begun[key] > 1:
            self.counts["again"] += 1
            block = run.blocks.at(ctx.task)
            if block and not block.idempotent:
                self.fail(f"attempt {ctx.attempt} of {ctx.task} in {ctx.run_id} may not run twice, and did")
        if isinstance(config, dict) and "index" in config:
            index = index_of(ctx.task)
            item, wanted = config.get("item"), 10 + (index or 0)
            if config["index"] != index or (isinstance(item, int) and item != wanted):
                self.fail(f"{ctx.task} in {ctx.run_id} has another's item: {config}")

    def unfinished(self, kept: float) -> list[str]:
        """What keeps the simulation from being over; ended runs are kept for so many seconds in all."""
        started = self.runs.keys()
        left = [f"{run_id} has not started" for run_id in sorted(self._expected - started)]
        left += [f"{run.base} has no end" for run in self.runs.values() if run.end is None]
        left += [f"{message.subject} is queued" for message in self._streams[subjects.WORK].messages.values()]
        if left:
            return left
        left = [text for run in self.runs.values() if (text := run.wrong_status())]
        return left or self._ledger.left() or self._remains(kept)

    def is_forsaken(self, run: ObservedRun, now: float) -> bool:
        """Whether a run goes on, or did, though the one that waited for it has ended a while ago, Unix seconds."""
        parent = self.runs.get(run.start.parent or "")
        if parent is None or parent.end is None or run.start.parent_history is None:
            return False
        return parent.end.at + _FORSAKEN < (run.end.at if run.end else now) and not run.facts.cancels

    def _remains(self, kept: float) -> list[str]:
        """What has not been put away, where that is soon."""
        if kept > _SOON:
            return []
        history = self._streams[subjects.HISTORY].by_subject
        left = [f"{subject} is still there" for subject in history if _LIMITS not in subject]
        left += [f"{subject} is still there" for subject in self._streams[subjects.ARCHIVE].by_subject]
        for message in self._streams[subjects.PAYLOADS].messages.values():
            # What a process writes that was frozen until the run was removed is found by nobody.
            end = self.runs[message.subject.split(".")[2]].end
            if end is None or message.at / 1e9 < end.at + kept:
                left.append(f"{message.subject} is still there")
        return left

    def _history(self, message: Stored) -> None:
        try:
            event = parse_event(message.subject, message.sequence, message.at // 1000 / 1e6, message.data)
        except Exception as error:  # noqa: BLE001 - whatever it is
            self.fail(f"{message.subject} can't be read: {error}")
            return
        if _LIMITS in event.base:
            self._note(self._ledger.asked(event))
        elif _LEFT not in event.base:
            run_id = event.base.rpartition(".")[2]
            run = self.runs.get(run_id)
            if run is None and not isinstance(event.body, Start):
                self.fail(f"{message.subject} comes before the start")
                return
            if run is None and isinstance(event.body, Start):
                control_block = self._control_blocks[event.body.control_block]
                run = self.runs[run_id] = ObservedRun(event.base, control_block, event.body, self._load)
            if run is not None:
                scheduled = bool(message.headers and header_names.SCHEDULE in message.headers)
                self._of_run(run, event, scheduled=scheduled)

    def _of_run(self, run: ObservedRun, event: Event, *, scheduled: bool) -> None:
        for text in run.tell(event, scheduled=scheduled):
            self.fail(text)
        body = event.body
        if isinstance(body, Output | Error):
            self._ledger.settled(event.base, body.task, body.attempt)
            self._note(self._wrongly_reused(run, body))
        elif isinstance(body, LimitGranted) and run.end is None and not run.has_outcome(body.task, body.attempt):
            self._note(self._ledger.granted(event.base, body, event.at))
        elif isinstance(body, LimitRefused):
            self._ledger.refused(event.base, body)
        elif event.name in subjects.ENDS:
            self._ledger.ended(event.base)

    def _wrongly_reused(self, run: ObservedRun, body: Output | Error) -> str | None:
        """Whether a task that takes over what it yielded in an earlier run does so."""
        reuse = run.start.reuse
        if reuse is None or body.task not in reuse.tasks or isinstance(body, Error):
            return None
        before, now = self.runs[reuse.run_id].value_at(reuse.tasks[body.task]), run.value_of(body)
        return None if before == now else f"{run.base} takes over {now!r} for {body.task} where it was {before!r}"

    def _note(self, text: str | None) -> None:
        if text is not None:
            self.fail(text)

    def _load(self, run_id: str, reference: PayloadRef) -> bytes:
        stream = self._streams[subjects.PAYLOADS]
        chunks = []
        for number in range(-(-reference.size // CHUNK_SIZE)):
            stored = stream.last(subjects.payload_chunk("default", run_id, reference.id, number))
            chunks.append(stored.data if stored else b"")
        return b"".join(chunks)

    def _work(self, message: Stored, origin: str) -> None:
        item = subjects.parse_work(message.subject)
        run = self.runs[item.run_id]
        body = orjson.loads(message.data)
        if body["again"]:
            self.counts["dispatched again"] += 1
        if item.type == PLAIN and body["deferred"]:
            self.fail(f"{origin} leaves something open in the config of {item.task} in {item.run_id}")
        pattern = f"block.*.*.{item.namespace}.{item.run_id}.{item.task}.*.input"
        others = self._streams[subjects.WORK].after(pattern, 0)
        if any(subjects.parse_work(other.subject).attempt < item.attempt for other in others):
            self.fail(f"{origin} dispatches attempt {item.attempt} of {item.task} in {item.run_id} beside an older one")
        for text in run.dispatched(item.task, item.attempt, origin):
            self.fail(text)

    def _status(self, message: Stored) -> None:
        summary = RunSummary.model_validate_json(message.data)
        run = self.runs[summary.run_id]
        before, run.status = run.status, summary
        if before and (before.sequence > summary.sequence or (before.status.ended and before.status != summary.status)):
            self.fail(
                f"the status of {summary.run_id} goes back from {before.status} ({before.sequence})"
                f" to {summary.status} ({summary.sequence})"
            )

    def _archived(self, message: Stored) -> None:
        text = (message.headers or {}).get(header_names.ARCHIVE_INFO)
        if text is None:
            return
        info = ArchiveInfo.model_validate_json(text)
        run = self.runs[info.base.rpartition(".")[2]]
        self.counts["archived"] += 1
        if run.end is None or info.last != run.end.sequence or info.events != run.archivable:
            self.fail(f"{run.base} is archived with {info.events} events up to {info.last}, it has {run.archivable}")
