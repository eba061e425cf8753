"""Subjects of triggers, logs and the audit log, and which of all are ours."""

from hashlib import sha256

from gnatwork_schemas.subjects.live import live_task

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
