"""Events that come by way of the API: they fire the event triggers of their namespace, and are stored nowhere else."""

import asyncio
from collections.abc import Mapping
from typing import Any, NamedTuple

from gnatwork_engine.compiler import subject_mistake
from gnatwork_manager.bodies import encode_bounded
from gnatwork_manager.problems import ProblemError, invalid
from gnatwork_manager.submission import check_fields
from gnatwork_manager.triggers.event_firing import EventFiring
from gnatwork_manager.triggers.schedules import passes
from gnatwork_manager.triggers.seen_events import Seen, see
from gnatwork_manager.triggers.table import Known, TriggerTable
from gnatwork_schemas import subjects
from gnatwork_schemas.errors import GnatworkError
from gnatwork_schemas.triggers import EventTrigger

#: Runs that one event begins at the same time.
_AT_ONCE = 32
_MAX_ID = 255
_CLOUDEVENT = "specversion"
_BINARY_MARK = "ce-id"


class Published(NamedTuple):
    """An event as it was sent."""

    #: What patterns are held against: the subject, and of a CloudEvent its type as well.
    subjects: tuple[str, ...]
    seen: Seen


class Begun(NamedTuple):
    """A run that an event has begun, or had begun before."""

    workflow: str
    trigger: str
    run_id: str


def read_published(value: Any) -> Published:
    """An event of a JSON body, `{subject, data?, id?}` or a CloudEvent; ProblemError."""
    if not isinstance(value, dict):
        raise invalid("", "the body must be an object, `{subject, data}` or a CloudEvent")
    if _CLOUDEVENT in value:
        return _of_cloudevent(see("", encode_bounded(value, ""), {}))
    check_fields(value, ("subject", "data", "id"))
    subject, id_ = value.get("subject"), value.get("id")
    if not isinstance(subject, str):
        raise invalid("/subject", "`subject` is missing, or not a text")
    if wrong := subject_mistake(subject, literal=True) or _of_run(subject):
        raise ProblemError("trigger.bad_subject", f"`{subject}` {wrong}")
    if id_ is not None and not (isinstance(id_, str) and 0 < len(id_) <= _MAX_ID):
        raise invalid("/id", f"`id` is a text of 1 to {_MAX_ID} characters")
    details = {"subject": subject, "headers": {}}
    return Published((subject,), Seen(value.get("data"), details, None if id_ is None else f"id:{id_}"))


def read_binary(headers: Mapping[str, str], body: bytes) -> Published | None:
    """A CloudEvent of the binary HTTP form, with its attributes in headers; None for anything else. ProblemError."""
    if _BINARY_MARK not in headers:
        return None
    kept = {name: value for name, value in headers.items() if name.startswith("ce-") or name == "content-type"}
    return _of_cloudevent(see("", body, kept))


async def publish(table: TriggerTable, firing: EventFiring, namespace: str, published: Published) -> list[Begun]:
    """Begin a run for each trigger that listens to the event; return once all are stored.

    What can never begin is noted in the trigger's state. Raises what passes: repeat the event with its `id`.
    """
    places = asyncio.Semaphore(_AT_ONCE)

    async def begin(known: Known, trigger: EventTrigger, subject: str) -> Begun | None:
        seen = published.seen._replace(details={**published.seen.details, "subject": subject})
        async with places:
            try:
                run = await firing.fire(known, trigger, seen)
            except (ProblemError, GnatworkError) as error:
                if passes(error):
                    raise
                return None
        return Begun(known.workflow, known.trigger.id, run.run_id) if run else None

    found = await asyncio.gather(
        *(
            begin(known, known.trigger, subject)
            for known in table.of_kind("event")
            if known.namespace == namespace and isinstance(known.trigger, EventTrigger) and known.trigger.enabled
            if (subject := _first_match(known.trigger.subject, published.subjects)) is not None
        ),
        return_exceptions=True,
    )
    for one in found:
        if isinstance(one, BaseException):
            raise one
    return sorted(one for one in found if isinstance(one, Begun))


def matches(pattern: str, subject: str) -> bool:
    """Whether a pattern, with `*` for a token and `>` for all that follow, takes in a subject."""
    wanted, tokens = pattern.split("."), subject.split(".")
    if wanted[-1] == ">":
        wanted.pop()
        if len(tokens) <= len(wanted):
            return False
        tokens = tokens[: len(wanted)]
    return len(wanted) == len(tokens) and all(one in {"*", token} for one, token in zip(wanted, tokens, strict=True))


def _first_match(pattern: str, subjects_: tuple[str, ...]) -> str | None:
    return next((subject for subject in subjects_ if matches(pattern, subject)), None)


def _of_cloudevent(seen: Seen) -> Published:
    attributes = seen.details.get("cloudevent")
    if not attributes:
        raise invalid("", "a CloudEvent has the texts `specversion` (1.0), `id`, `source` and `type`")
    given = (attributes["type"], attributes.get("subject"))
    found = tuple(
        text
        for text in given
        if isinstance(text, str) and not subject_mistake(text, literal=True) and not _of_run(text)
    )
    if not found:
        raise ProblemError("trigger.bad_subject", "neither `type` nor `subject` of the CloudEvent can be listened to")
    return Published(found, seen)


def _of_run(subject: str) -> str | None:
    if subject.partition(".")[0] == subjects.LIVE_ROOT:
        return "is for events of runs, which only the engine sends"
    return None
