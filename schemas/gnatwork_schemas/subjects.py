"""Every subject, stream, consumer, bucket and key name, in one place; headers have theirs in `header_names`.

Nothing else in the project spells such a name out. Tokens: `shard` a number, `ns` a namespace, `workflow` and
`run` as in the glossary, `event` one or more tokens, `task` a task path (its `/` stays inside one token).
"""

import zlib
from base64 import urlsafe_b64encode
from hashlib import sha256
from typing import Literal, NamedTuple

# --- streams ---------------------------------------------------------------------------------------------

#: Every event of every run, the truth of the engine. Limits retention, no age limit.
HISTORY = "HISTORY"
#: Work items that wait for an executor. Work queue: an acknowledged item is gone.
WORK = "WORK"
#: Values too large for a message, in chunks.
PAYLOADS = "PAYLOADS"
#: Histories of ended runs, compressed, until their retention is over.
ARCHIVE = "ARCHIVE"
#: Messages that no one could read, kept for people.
DEAD_LETTERS = "DEAD_LETTERS"
#: Cron and polling: schedules that the server keeps, and what they become when they are due.
TRIGGERS = "TRIGGERS"
#: Lines that blocks have logged.
LOGS = "LOGS"
#: Who changed what.
AUDIT = "AUDIT"

# --- key-value buckets -----------------------------------------------------------------------------------

#: Control blocks, catalogue and settings, told apart by key prefix.
STATE_BUCKET = "gnatwork_state"
#: One status document per run, key `<ns>.<run>`.
STATUS_BUCKET = "gnatwork_status"
#: Encrypted credentials, and what else only managers may read.
CONNECTIONS_BUCKET = "gnatwork_connections"
#: What has been submitted under an idempotency key; entries expire after `IDEMPOTENCY_TTL`.
IDEMPOTENCY_BUCKET = "gnatwork_idempotency"
#: Seconds for which an idempotency key is remembered: one day.
IDEMPOTENCY_TTL = 86_400

#: What blocks keep under keys, of all namespaces.
KEYS_BUCKET = "gnatwork_keys"
#: What blocks keep as files, of all namespaces: an object store as NATS clients know it.
FILES_BUCKET = "gnatwork_files"

# --- history ---------------------------------------------------------------------------------------------

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


# --- live events (core NATS) -----------------------------------------------------------------------------

#: Everything about every run, as it happens.
LIVE_SUBJECTS = "workflow.>"


def live_event(run_id: str, event: str = ">") -> str:
    """A stored event once more, after storing: what users subscribe to."""
    return f"workflow.{run_id}.{event}"


def live_task(run_id: str, task: str, kind: str) -> str:
    """`started`, `progress` or `log` of a running task; the stream of logs keeps the last, nobody the others."""
    return f"workflow.{run_id}.block.{task}.{kind}"


# --- work ------------------------------------------------------------------------------------------------

#: All of the work queue.
WORK_SUBJECTS = "block.>"
#: What is sent here is always refused, after all that was sent to the work queue before: then it is stored.
WORK_BARRIER = "block.BARRIER"
#: The lane of ordinary work.
NORMAL_LANE = "normal"
#: All lanes, the most urgent first.
LANES = ("high", "normal", "low")


class WorkSubject(NamedTuple):
    """The tokens of `block.<type>.<lane>.<ns>.<run>.<task>.<attempt>.input`."""

    type: str
    lane: str
    namespace: str
    run_id: str
    task: str
    attempt: int


def work_item(item: WorkSubject) -> str:
    """The subject of one attempt of one task."""
    return f"block.{item.type}.{item.lane}.{item.namespace}.{item.run_id}.{item.task}.{item.attempt}.input"


def parse_work(subject: str) -> WorkSubject:
    """The tokens of a work subject; ValueError when it is none."""
    head, type_, lane, namespace, run_id, task, attempt, tail = subject.split(".")
    if (head, tail) != ("block", "input"):
        raise ValueError(f"not a work subject: {subject}")
    return WorkSubject(type_, lane, namespace, run_id, task, int(attempt))


def work_type(subject: str) -> str:
    """The block type of a subject that `work_of_type` matches, however it goes on."""
    return subject.split(".", 2)[1]


def work_of_type(type_: str, lane: str) -> str:
    """What the executors of a block type pull."""
    return f"block.{type_}.{lane}.>"


def work_of_run(namespace: str, run_id: str) -> str:
    """All work items of a run."""
    return f"block.*.*.{namespace}.{run_id}.>"


def work_of_attempt(namespace: str, run_id: str, task: str, attempt: int) -> str:
    """One attempt of a task, whatever its type and lane."""
    return f"block.*.*.{namespace}.{run_id}.{task}.{attempt}.input"


def cancel_control(namespace: str, run_id: str) -> str:
    """Tells executors to stop the tasks of a run at once (core NATS)."""
    return f"control.{namespace}.{run_id}.cancel"


def parse_cancel_control(subject: str) -> tuple[str, str]:
    """Namespace and run of a cancel control."""
    _, namespace, run_id, _ = subject.split(".")
    return namespace, run_id


#: What executors listen to for `cancel_control`.
CANCEL_CONTROLS = "control.*.*.cancel"

# --- archive, payloads and dead letters ----------------------------------------------------------------

#: All archived histories.
ARCHIVE_SUBJECTS = "archive.>"


def archive_chunk(namespace: str, workflow: str, run_id: str, chunk: int | str) -> str:
    """One chunk of the archived history of a run; `*` for all, also for a workflow that is not known."""
    return f"archive.{namespace}.{workflow}.{run_id}.{chunk}"


#: All payload chunks.
PAYLOAD_SUBJECTS = "payload.>"
#: All dead letters.
DEAD_SUBJECTS = "dead.>"


def payload_chunk(namespace: str, run_id: str, payload: str, chunk: int | str) -> str:
    """One chunk of a payload; `*` for all of them."""
    return f"payload.{namespace}.{run_id}.{payload}.{chunk}"


def handed_back(item: WorkSubject, delivery: int | str) -> str:
    """A note that an executor handed a work item back: this delivery, by its number, did no harm; `*` for all.

    It lies among the payloads, whose ids have no colon, to be purged with the run.
    """
    return f"payload.{item.namespace}.{item.run_id}.handed-back:{item.task}:{item.attempt}.{delivery}"


def payloads_of_run(namespace: str, run_id: str) -> str:
    """All payloads of a run."""
    return f"payload.{namespace}.{run_id}.>"


def dead_letter(stream: str, sequence: int, reason: str) -> str:
    """Where a message of `stream` that could not be read is kept; `reason` is an error code."""
    return f"dead.{stream}.{sequence}.{reason}"


def dead_letters_of(reason: str) -> str:
    """All dead letters with a reason."""
    return f"dead.*.*.{reason}"


# --- triggers, logs and audit --------------------------------------------------------------------------

#: All schedules of triggers, and what they become.
TRIGGER_SUBJECTS = "trigger.>"
#: What schedules become when they are due; a work queue of all managers.
TRIGGER_FIRES = "trigger.*.*.*.fire"
#: The durable consumer of `TRIGGER_FIRES`, shared by all managers.
TRIGGER_CONSUMER = "triggers"


def trigger_schedule(namespace: str, workflow: str, trigger: str) -> str:
    """Where the schedule of a trigger is kept; purging it stops the trigger."""
    return f"trigger.{namespace}.{workflow}.{trigger}.schedule"


def trigger_fire(namespace: str, workflow: str, trigger: str) -> str:
    """What the schedule becomes when it is due."""
    return f"trigger.{namespace}.{workflow}.{trigger}.fire"


def parse_trigger(subject: str) -> tuple[str, str, str]:
    """Namespace, workflow and trigger of `trigger_schedule` or `trigger_fire`."""
    _, namespace, workflow, trigger, _ = subject.split(".")
    return namespace, workflow, trigger


#: What subjects of Gnatwork's own begin with, beside those of `LIVE_SUBJECTS`: no trigger listens to them.
OWN_ROOTS = frozenset(
    {"history", "block", "payload", "archive", "dead", "control", "trigger", "audit", "gnatwork", "_INBOX"}
)
#: What subjects begin with that the server republishes from history, see `LIVE_SUBJECTS`.
LIVE_ROOT = "workflow"


def is_reserved(subject: str) -> bool:
    """Whether a subject belongs to Gnatwork or to NATS itself, so that no block may send to it."""
    root = subject.partition(".")[0]
    return root in OWN_ROOTS or root == LIVE_ROOT or root.startswith(("$", "_"))


#: What the server tells of a stream that is made; the sixth token is the stream.
STREAM_CREATED = "$JS.EVENT.ADVISORY.STREAM.CREATED.*"
#: What the server tells of a consumer that goes; the sixth token is the stream.
CONSUMER_DELETED = "$JS.EVENT.ADVISORY.CONSUMER.DELETED.*.*"
#: What names of consumers begin with by which event triggers listen to streams of users.
EVENT_CONSUMERS = "gnatwork-event-"


def event_group(namespace: str, workflow: str, trigger: str) -> str:
    """The queue group in which managers share what an event trigger hears."""
    return f"gnatwork-event-{_digest(namespace, workflow, trigger)}"


def event_consumer(namespace: str, workflow: str, trigger: str, subject: str) -> str:
    """The durable consumer of an event trigger on a stream of a user; another subject is another consumer."""
    return f"{EVENT_CONSUMERS}{_digest(namespace, workflow, trigger, subject)}"


def _digest(*names: str) -> str:
    return sha256("/".join(names).encode()).hexdigest()[:24]


#: What blocks log, as it happens; the stream of logs keeps it. Nothing that is republished from history ends so.
LOG_SUBJECTS = "workflow.*.block.*.log"


def log_lines(run_id: str, task: str = "*") -> str:
    """The lines of a task, or of all tasks of a run."""
    return live_task(run_id, task, "log")


#: All entries of the audit log.
AUDIT_SUBJECTS = "audit.>"


#: Stands in the place of a namespace in entries about the whole installation.
NO_NAMESPACE = "_"


def audit_entry(namespace: str, action: str) -> str:
    """An entry of the audit log, by what was done, e.g. `workflow.put`; `*` and `>` for all."""
    return f"audit.{namespace}.{action}"


# --- consumers, buckets and their keys -----------------------------------------------------------------

#: What the reply subject of a delivered message starts with.
ACK_PREFIX = "$JS.ACK."

#: The priority group of pinned scheduler consumers.
SCHEDULER_GROUP = "scheduler"


def scheduler_consumer(shard: int) -> str:
    """The durable consumer of a shard's history."""
    return f"sched-{shard}"


def executor_consumer(type_: str, lane: str) -> str:
    """The durable consumer of a block type's work."""
    return f"exec-{type_}-{lane}"


def bucket_stream(bucket: str) -> str:
    """The stream behind a bucket."""
    return f"KV_{bucket}"


def bucket_subject(bucket: str, key: str) -> str:
    """Where a key of a bucket is stored; `>` for all keys."""
    return f"$KV.{bucket}.{key}"


def control_block_key(digest: str) -> str:
    """An immutable control block."""
    return f"control.{digest}"


def catalogue_key(type_: str) -> str:
    """The catalogue entry of a block type; `*` for all."""
    return f"catalogue.{type_}"


def integration_key(what: str, type_: str) -> str:
    """What an integration brings beside blocks, a `trigger` or a `connection`, by its type; `*` for all."""
    return f"integration.{what}.{type_}"


def executor_key(lease: str) -> str:
    """What a living executor says of itself, under a name that no other has; `*` for all."""
    return f"executor.{lease}"


def workflow_key(namespace: str, name: str) -> str:
    """The stored workflow of a name, see `gnatwork_schemas.workflow`; `*` for all of a namespace."""
    return f"workflow.{namespace}.{name}"


def definition_key(namespace: str, name: str, version: int | str) -> str:
    """The definition of a version of a stored workflow, as it was sent."""
    return f"definition.{namespace}.{name}.{version}"


def trigger_state_key(namespace: str, workflow: str, trigger: str) -> str:
    """What has become of a trigger, see `gnatwork_schemas.triggers.TriggerState`."""
    return f"trigger_state.{namespace}.{workflow}.{trigger}"


def trigger_rate_key(namespace: str, workflow: str, trigger: str) -> str:
    """How often a webhook was called of late, counted for all managers, see `gnatwork_manager.triggers.rates`."""
    return f"trigger_rate.{namespace}.{workflow}.{trigger}"


def hook_key(method: str, path: str) -> str:
    """Whose webhook listens at a path of its own, see `gnatwork_schemas.workflow.HookPath`."""
    return f"hook.{sha256(f'{method} {path}'.encode()).hexdigest()[:32]}"


#: All that every manager keeps in memory of people, invitations and keys.
PEOPLE_KEYS = "people.>"
#: All people.
PERSON_KEYS = "people.person.*"


def person_key(digest: str) -> str:
    """A person, by the digest of their e-mail address: so there is one of each at most."""
    return f"people.person.{digest}"


def api_key_key(key: str) -> str:
    """An API key, by its id."""
    return f"people.key.{key}"


def invitation_key(invitation: str) -> str:
    """An invitation that no one has accepted yet."""
    return f"people.invitation.{invitation}"


def revoked_session_key(session: str) -> str:
    """Says that access tokens of a session are good no more; goes once the last of them has expired."""
    return f"people.revoked.{session}"


def session_key(session: str) -> str:
    """A login that goes on: which refresh token is the current one."""
    return f"session.{session}"


def throttle_key(kind: str, digest: str) -> str:
    """How often logins were tried with an e-mail address, or from an address."""
    return f"throttle.{kind}.{digest}"


#: The key that signs access tokens, among the connections, which only managers read.
SIGNING_KEY = "signing.access"


def connection_key(namespace: str, name: str) -> str:
    """The key of a connection, or with `*` those of several."""
    return f"connection.{namespace}.{name}"


def connection_token_key(namespace: str, name: str) -> str:
    """The key of the token that an OAuth2 connection has got."""
    return f"connection.{namespace}.{name}.token"


def authorization_key(state: str) -> str:
    """The key of what is remembered while someone is asked to agree, by a digest of what their answer will carry."""
    return f"authorization.{state}"


#: All connections and their tokens.
CONNECTION_KEYS = "connection.>"
#: What tells at a manager's start whether it has the right keys.
CANARY_KEY = "canary"


def trigger_seen_key(namespace: str, workflow: str, trigger: str) -> str:
    """What a polling trigger has seen, see `gnatwork_manager.triggers.polling`."""
    return f"trigger_seen.{namespace}.{workflow}.{trigger}"


#: Metadata key of the history stream that holds the number of shards.
SHARDS_METADATA = "gnatwork_shards"


def kept_key(namespace: str, bucket: str, key: str) -> str:
    """What a block keeps under a key, any text, of a bucket of its namespace."""
    plain = "".join(chr(byte) if chr(byte) in _PLAIN else f"={byte:02X}" for byte in key.encode())
    return f"{namespace}.{bucket}.{plain}"


#: What stands in a key for itself; of all else its bytes.
_PLAIN = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_/")


def writing_key(object_id: str) -> str:
    """Among what blocks keep: a file that is being written, or was when its writer vanished; `*` for all."""
    return f"_writing.{object_id}"


def file_name(namespace: str, name: str) -> str:
    """The name in the object store of a file of a namespace."""
    return f"{namespace}/{name}"


def object_stream(bucket: str) -> str:
    """The stream behind an object store."""
    return f"OBJ_{bucket}"


def object_chunks(bucket: str, object_id: str) -> str:
    """The bytes of an object, in chunks; `>` for all objects."""
    return f"$O.{bucket}.C.{object_id}"


def object_info(bucket: str, name: str) -> str:
    """What is known of an object, by its name."""
    return f"$O.{bucket}.M.{urlsafe_b64encode(name.encode()).decode()}"


def object_infos(bucket: str) -> str:
    """What is known of all objects."""
    return f"$O.{bucket}.M.>"


def status_key(namespace: str, run_id: str) -> str:
    """The status document of a run."""
    return f"{namespace}.{run_id}"


# --- request/reply ---------------------------------------------------------------------------------------

#: Everything that managers answer, all namespaces; the fourth token on is the verb.
API_SUBJECTS = "gnatwork.api.*.>"
#: Where executors of the `logic` blocks evaluate conditions for managers.
LOGIC_EVALUATE = "gnatwork.logic.evaluate"
#: The queue group in which they share that.
LOGIC_GROUP = "gnatwork-logic"
#: The verb by which executors ask for the values of connections.
CONNECTION_RESOLVE = "connection.resolve"


def api(namespace: str, verb: str) -> str:
    """A verb of the manager's API, the twin of an HTTP endpoint, e.g. `submit`, `run.get`."""
    return f"gnatwork.api.{namespace}.{verb}"
