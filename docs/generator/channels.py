"""The channels of Gnatwork: which bodies travel on which subjects, and who publishes them."""

from collections.abc import Callable
from typing import Any, NamedTuple

from gnatwork_schemas import subjects

_BASE = subjects.history_base("{shard}", "{namespace}", "{workflow}", "{run}")  # type: ignore[arg-type]  # a name in the place of a number
_TASK = "{task}"


class Channel(NamedTuple):
    """A kind of subject."""

    name: str
    #: The subject, with a name in braces in the place of what varies.
    address: str
    #: What comes there: names of `docs.generator.schemas.MODELS`; none where it is no JSON of ours.
    messages: tuple[str, ...]
    #: Who publishes it.
    publishers: str
    #: What is documented of it: the maker of its subject.
    source: Callable[..., str] | str


def _event(name: str, event: str, message: str, publishers: str, source: Callable[..., str] | str) -> Channel:
    return Channel(name, f"{_BASE}.{event}", (message,), publishers, source)


def _limit(name: str, event: str, message: str, source: str) -> Channel:
    base = subjects.history_base("{shard}", "{namespace}", subjects.LIMIT_WORKFLOW, "{key}")  # type: ignore[arg-type]  # likewise
    return Channel(name, f"{base}.{event}", (message,), "schedulers", source)


_TOKENS: Any = tuple(f"{{{field}}}" for field in ("type", "lane", "namespace", "run", "task", "attempt"))
_WORK = subjects.WorkSubject(*_TOKENS)

#: Everything that is published by one part and read by another.
CHANNELS = (
    _event("start", subjects.START, "start", "managers; executors, for child runs", "START"),
    _event("output", subjects.output_event(_TASK), "output", "executors", subjects.output_event),
    _event("error", subjects.error_event(_TASK), "error", "executors; schedulers", subjects.error_event),
    _event("claimed", subjects.claimed_event(_TASK, "{attempt}"), "claimed", "executors", subjects.claimed_event),  # type: ignore[arg-type]  # likewise
    _event("timer", subjects.timer_event("{timer}"), "timer-fired", "schedulers", subjects.timer_event),
    _event(
        "timerFired", subjects.timer_fired_event("{timer}"), "timer-fired", "the server", subjects.timer_fired_event
    ),
    _event("requestCancel", subjects.REQUEST_CANCEL, "cancel-request", "managers", "REQUEST_CANCEL"),
    _event("requestPause", subjects.REQUEST_PAUSE, "pause-request", "managers", "REQUEST_PAUSE"),
    _event("requestResume", subjects.REQUEST_RESUME, "resume-request", "managers", "REQUEST_RESUME"),
    _event("signal", subjects.signal_event("{name}"), "signal", "managers", subjects.signal_event),
    _event("childEnded", subjects.child_ended_event(_TASK), "child-ended", "schedulers", subjects.child_ended_event),
    _event("limitGranted", subjects.LIMIT_GRANTED, "limit-granted", "schedulers", "LIMIT_GRANTED"),
    _event("limitRefused", subjects.LIMIT_REFUSED, "limit-refused", "schedulers", "LIMIT_REFUSED"),
    _limit("limitAcquire", subjects.LIMIT_ACQUIRE, "limit-acquire", "LIMIT_ACQUIRE"),
    _limit("limitRelease", subjects.LIMIT_RELEASE, "limit-release", "LIMIT_RELEASE"),
    _limit("limitSnapshot", subjects.LIMIT_SNAPSHOT, "limit-snapshot", "LIMIT_SNAPSHOT"),
    _event("complete", subjects.COMPLETE, "complete", "schedulers", "COMPLETE"),
    _event("failed", subjects.FAILED, "failed", "schedulers", "FAILED"),
    _event("cancelled", subjects.CANCELLED, "cancelled", "schedulers", "CANCELLED"),
    _event("timedOut", subjects.TIMED_OUT, "timed-out", "schedulers", "TIMED_OUT"),
    Channel("event", subjects.live_event("{run}", "{event}"), (), "the server, once it is stored", subjects.live_event),
    *(
        Channel(kind, subjects.live_task("{run}", _TASK, kind), (kind,), "executors", subjects.live_task)
        for kind in ("started", "progress", "log")
    ),
    Channel("work", subjects.work_item(_WORK), ("work",), "schedulers", subjects.work_item),
    Channel(
        "cancel",
        subjects.cancel_control("{namespace}", "{run}"),
        ("stop-control",),
        "schedulers",
        subjects.cancel_control,
    ),
    Channel(
        "payload",
        subjects.payload_chunk("{namespace}", "{run}", "{payload}", "{chunk}"),
        (),
        "whoever has a large value",
        subjects.payload_chunk,
    ),
    Channel("handedBack", subjects.handed_back(_WORK, "{delivery}"), (), "executors", subjects.handed_back),
    Channel(
        "archive",
        subjects.archive_chunk("{namespace}", "{workflow}", "{run}", "{chunk}"),
        (),
        "schedulers",
        subjects.archive_chunk,
    ),
    Channel(
        "deadLetter",
        subjects.dead_letter("{stream}", "{sequence}", "{code}"),  # type: ignore[arg-type]  # likewise
        ("dead-letter",),
        "whoever could not read it",
        subjects.dead_letter,
    ),
    Channel(
        "triggerSchedule",
        subjects.trigger_schedule("{namespace}", "{workflow}", "{trigger}"),
        ("trigger-due",),
        "managers",
        subjects.trigger_schedule,
    ),
    Channel(
        "triggerFire",
        subjects.trigger_fire("{namespace}", "{workflow}", "{trigger}"),
        ("trigger-due",),
        "the server",
        subjects.trigger_fire,
    ),
    Channel(
        "audit", subjects.audit_entry("{namespace}", "{action}"), ("audit-entry",), "managers", subjects.audit_entry
    ),
    Channel(
        "catalogue",
        subjects.bucket_subject(subjects.STATE_BUCKET, subjects.catalogue_key("{type}")),
        ("block-type",),
        "executors",
        subjects.catalogue_key,
    ),
    *(
        Channel(
            f"{what}Type",
            subjects.bucket_subject(subjects.STATE_BUCKET, subjects.integration_key(what, "{type}")),
            (message,),
            "executors",
            subjects.integration_key,
        )
        for what, message in (("trigger", "trigger-type"), ("connection", "connection-kind"))
    ),
    Channel(
        "executor",
        subjects.bucket_subject(subjects.STATE_BUCKET, subjects.executor_key("{lease}")),
        ("living-executor",),
        "executors",
        subjects.executor_key,
    ),
    Channel(
        "status",
        subjects.bucket_subject(subjects.STATUS_BUCKET, subjects.status_key("{namespace}", "{run}")),
        ("run-summary",),
        "schedulers",
        subjects.status_key,
    ),
    Channel("api", subjects.api("{namespace}", "{verb}"), (), "clients", subjects.api),
    Channel("evaluate", subjects.LOGIC_EVALUATE, ("evaluate",), "managers", "LOGIC_EVALUATE"),
)
