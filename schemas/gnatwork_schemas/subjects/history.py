"""Subjects of history: what happened to runs, and to what they wait for."""

import zlib
from hashlib import sha256
from typing import Literal, NamedTuple

#: All of history.
HISTORY_SUBJECTS = "history.>"
#: What the server republishes from history, and as what; see `live_event`.
HISTORY_REPUBLISH = ("history.*.*.*.*.>", "workflow.{{wildcard(4)}}.>")

#: A run begins.
START = "start"
#: The run has yielded its output.
COMPLETE = "complete"
#: A task failed for good and nothing handled it.
FAILED = "failed"
#: The run was stopped on request.
CANCELLED = "cancelled"
#: The run took longer than its `timeout`.
TIMED_OUT = "timed_out"
#: Events after which nothing changes any more; with `start` the only ones of a single token.
ENDS = frozenset({COMPLETE, FAILED, CANCELLED, TIMED_OUT})
#: Someone wants the run to stop.
REQUEST_CANCEL = "request.cancel"
#: Someone wants nothing new of the run to be dispatched.
REQUEST_PAUSE = "request.pause"
#: Someone wants a paused run to go on.
REQUEST_RESUME = "request.resume"
#: A limit key has given the run, or one of its tasks, a slot.
LIMIT_GRANTED = "limit.granted"
#: A limit key has no room for the run, which is not to wait.
LIMIT_REFUSED = "limit.refused"
#: In the history of a limit key: someone wants a slot.
LIMIT_ACQUIRE = "limit.acquire"
#: Likewise: someone gives a slot back.
LIMIT_RELEASE = "limit.release"
#: Likewise: all that came before, in one message.
LIMIT_SNAPSHOT = "limit.snapshot"
#: The workflow in the subjects of limit keys, whose runs are the keys themselves.
LIMIT_WORKFLOW = "_limit"
#: The workflow in the subjects of what is left to be removed of archived runs.
RETENTION_WORKFLOW = "_retention"


class HistorySubject(NamedTuple):
    """The tokens of `history.<shard>.<ns>.<workflow>.<run>.<event>`."""

    shard: int
    namespace: str
    workflow: str
    run_id: str
    #: Everything after the run, e.g. `start`, `block.page.output`, `timer.timeout.fired`.
    event: str


def shard_of(run_id: str, shards: int) -> int:
    """The shard of a run: crc32 of its id, modulo the number of shards of this installation."""
    return zlib.crc32(run_id.encode()) % shards


def history_base(shard: int, namespace: str, workflow: str, run_id: str) -> str:
    """`history.<shard>.<ns>.<workflow>.<run>`, to which an event is appended."""
    return f"history.{shard}.{namespace}.{workflow}.{run_id}"


def history_shard(shard: int) -> str:
    """All history of a shard."""
    return f"history.{shard}.>"


def run_events(base: str) -> str:
    """All events of the run with this history base."""
    return f"{base}.>"


def run_borders(base: str) -> str:
    """The start and the ends of a run: its events of a single token."""
    return f"{base}.*"


def history_of(namespace: str, workflow: str) -> str:
    """What the histories of all runs of a workflow begin with; `*` for all workflows of the namespace."""
    return f"history.*.{namespace}.{workflow}.*"


def find_run(shard: int | Literal["*"], namespace: str, run_id: str, event: str = ">") -> str:
    """Events of a run whose workflow is not known to the asker; nor, with `*`, its shard."""
    return f"history.{shard}.{namespace}.*.{run_id}.{event}"


def split_history(subject: str) -> tuple[str, str]:
    """The history base and the event of a history subject; ValueError when it is none."""
    tokens = subject.split(".", 5)
    if len(tokens) != 6 or tokens[0] != "history":
        raise ValueError(f"not a history subject: {subject}")
    event = tokens[5]
    return subject[: -len(event) - 1], event


def parse_history(subject: str) -> HistorySubject:
    """The tokens of a history subject; ValueError when it is none."""
    head, shard, namespace, workflow, run_id, event = subject.split(".", 5)
    if head != "history":
        raise ValueError(f"not a history subject: {subject}")
    return HistorySubject(int(shard), namespace, workflow, run_id, event)


def output_event(task: str) -> str:
    """An attempt of a task succeeded."""
    return f"block.{task}.output"


def error_event(task: str) -> str:
    """An attempt of a task failed."""
    return f"block.{task}.error"


def claimed_event(task: str, attempt: int) -> str:
    """An executor is about to run an attempt that must never run twice."""
    return f"block.{task}.claimed.{attempt}"


def outcome_events(base: str, task: str) -> str:
    """Both outcomes of all attempts of a task, full subject."""
    return f"{base}.block.{task}.*"


def signal_event(name: str) -> str:
    """A person or program says something that a `wait` block waits for."""
    return f"signal.{name}"


def child_ended_event(task: str) -> str:
    """The child run of a task has come to its end."""
    return f"child.{task}.ended"


def limit_key(kind: str, namespace: str, workflow: str, value: str) -> str:
    """The run token of a limit key: what is limited, and the value that its runs share."""
    return sha256(f"{kind}/{namespace}/{workflow}/{value}".encode()).hexdigest()[:32]


def limit_base(shards: int, namespace: str, key: str) -> str:
    """The history base of a limit key."""
    return history_base(shard_of(key, shards), namespace, LIMIT_WORKFLOW, key)


def timers(base: str) -> str:
    """All timers of a run that have not fired, full subject."""
    return f"{base}.timer.*"


def timer_event(timer: str) -> str:
    """A schedule that the server keeps; purging it cancels it."""
    return f"timer.{timer}"


def timer_fired_event(timer: str) -> str:
    """What the server appends when the timer is due."""
    return f"timer.{timer}.fired"


#: What the timer of a run that has ended begins with: when it fires, the run's history is archived.
ARCHIVE_TIMER = "archive"
#: The timer of the reserved workflow `_retention`: when it fires, what is left of an archived run is removed.
PURGE_TIMER = "purge"


def is_upkeep(event: str) -> bool:
    """Whether an event only says when a run is to be archived, which is nothing that happened to it."""
    return event.startswith(f"timer.{ARCHIVE_TIMER}-")


def retention_base(shard: int, namespace: str, run_id: str) -> str:
    """The history base of what is left to be removed of an archived run."""
    return history_base(shard, namespace, RETENTION_WORKFLOW, run_id)
