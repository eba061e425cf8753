"""Event triggers of a definition: what they may listen to, and the expression that says which events count."""

from gnatwork_engine.compiler.faults import Faults, listed, shown, suggestion
from gnatwork_engine.expressions import ExpressionError, mentions_of
from gnatwork_engine.expressions.words import GLOBALS
from gnatwork_engine.json_tree import Path
from gnatwork_schemas import subjects
from gnatwork_schemas.triggers import EventTrigger

_BAD_SUBJECT = "trigger.bad_subject"
_INVALID = "trigger.invalid"
#: What a filter sees.
_ROOTS = ("event", "trigger")
_OWN_STREAMS = frozenset(
    {
        *(subjects.HISTORY, subjects.WORK, subjects.PAYLOADS, subjects.ARCHIVE, subjects.DEAD_LETTERS),
        *(subjects.TRIGGERS, subjects.LOGS, subjects.AUDIT),
        *map(
            subjects.bucket_stream,
            (
                *(subjects.STATE_BUCKET, subjects.STATUS_BUCKET),
                *(subjects.CONNECTIONS_BUCKET, subjects.IDEMPOTENCY_BUCKET),
            ),
        ),
    }
)


def check_event(trigger: EventTrigger, at: Path, faults: Faults) -> None:
    """Mistakes in an event trigger that stands at `at` become faults."""
    if wrong := subject_mistake(trigger.subject):
        faults.add((*at, "subject"), _BAD_SUBJECT, wrong)
    elif trigger.stream is not None and trigger.subject.split(".")[0] == subjects.LIVE_ROOT:
        message = "events of runs are heard as they happen; leave out the `stream`, which would not have them"
        faults.add((*at, "stream"), _INVALID, message)
    if trigger.stream in _OWN_STREAMS:
        message = f"{shown(trigger.stream)} is Gnatwork's own stream; events of runs are heard at `workflow.>`"
        faults.add((*at, "stream"), _INVALID, message)
    if trigger.filter is not None:
        check_filter(trigger.filter, (*at, "filter"), faults)


def subject_mistake(subject: str, *, literal: bool = False) -> str | None:
    """What is wrong with a subject to listen to, or with one that an event has; None if nothing is."""
    tokens = subject.split(".")
    if not all(tokens) or any(character.isspace() or not character.isprintable() for character in subject):
        return "is no subject: texts without blanks with dots between them, such as `orders.created`"
    if literal and not {"*", ">"}.isdisjoint(tokens):
        return "has a wildcard; an event has a subject without any"
    if ">" in tokens[:-1] or any(len(token) > 1 and ("*" in token or ">" in token) for token in tokens):
        return "has a wildcard that can't be: `*` stands for one whole token, `>` for all at the end"
    if tokens[0] in {"*", ">"}:
        return "begins with a wildcard and would hear Gnatwork's own messages; begin with a name"
    if tokens[0] in subjects.OWN_ROOTS or tokens[0].startswith("$"):
        return (
            f"belongs to Gnatwork or to NATS: {shown(tokens[0])} can't be listened to; events of runs are `workflow.>`"
        )
    return None


def check_filter(text: str, at: Path, faults: Faults) -> None:
    """Mistakes in a filter, the expression at `at`, become faults."""
    try:
        mentions = mentions_of(text)
    except ExpressionError as error:
        faults.add(at, error.code, f"this is not a JavaScript expression: {error.detail}")
        return
    for name in dict.fromkeys(mention.name for mention in mentions):
        if name not in _ROOTS and name not in GLOBALS:
            message = f"{shown(name)} is unknown: a filter sees {listed(_ROOTS)}{suggestion(name, _ROOTS)}"
            faults.add(at, "expression.unknown_name", message)
