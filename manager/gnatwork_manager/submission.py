"""What a submission means. Pure: no I/O, no clock."""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from pydantic import TypeAdapter, ValidationError

from gnatwork_manager.claims import digest_of
from gnatwork_manager.problems import invalid
from gnatwork_schemas.definition import Labels
from gnatwork_schemas.duration import parse_duration
from gnatwork_schemas.problem import Fault

#: The longest that a caller may wait, seconds.
MAX_WAIT = 300.0

_FIELDS = ("workflow", "input", "labels", "at")
_STORED_FIELDS = ("input", "labels", "version", "at")
_LABELS: TypeAdapter[dict[str, str]] = TypeAdapter(Labels)
_MAX_KEY = 255
_TRACEPARENT = re.compile(r"[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}")
_RFC_3339 = re.compile(r"\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}:\d{2}(\.\d+)?([Zz]|[+-]\d{2}:\d{2})", re.ASCII)


@dataclass(frozen=True, kw_only=True, slots=True)
class Submission:
    """A definition that a caller wants to be run."""

    definition: dict[str, Any]
    #: JSON Pointer to the definition in what was sent.
    pointer: str
    input: Any = None
    labels: Mapping[str, str] = field(default_factory=dict)
    #: When it is to begin, Unix seconds; None is at once.
    at: float | None = None

    def digest(self) -> str:
        """The same for two requests that mean the same."""
        content = [self.definition, self.input, self.labels]
        return digest_of(content if self.at is None else [*content, self.at])


@dataclass(frozen=True, kw_only=True, slots=True)
class StoredSubmission:
    """A stored workflow that a caller wants to be run."""

    name: str
    #: None is the published one.
    version: int | None = None
    input: Any = None
    labels: Mapping[str, str] = field(default_factory=dict)
    #: When it is to begin, Unix seconds; None is at once.
    at: float | None = None

    def digest(self) -> str:
        """The same for two requests that mean the same."""
        return digest_of(["workflow", self.name, self.version, self.input, self.labels, self.at])


def parse_submission(value: Any) -> Submission:
    """A submission from a request's body `{workflow, input?, labels?, at?}`; raises ProblemError.

    `workflow` is the definition, or `{"definition": …}`.
    """
    if not isinstance(value, dict):
        raise invalid("", "the body must be an object with the definition under `workflow`")
    check_fields(value, _FIELDS)
    workflow, pointer = value.get("workflow"), "/workflow"
    if isinstance(workflow, dict) and workflow.keys() == {"definition"}:
        workflow, pointer = workflow["definition"], "/workflow/definition"
    if isinstance(workflow, str):
        raise invalid(pointer, "this is for definitions; a stored workflow runs by `POST /workflows/{name}/runs`")
    if not isinstance(workflow, dict):
        raise invalid(pointer, "the definition of a workflow is missing, or not an object")
    return Submission(
        definition=workflow,
        pointer=pointer,
        input=value.get("input"),
        labels=_labels(value.get("labels")),
        at=parse_at(value.get("at")),
    )


def parse_stored_submission(name: str, value: Any) -> StoredSubmission:
    """A submission of the workflow `name` from a request's body `{input?, labels?, version?, at?}`; ProblemError."""
    if not isinstance(value, dict):
        raise invalid("", "the body must be empty or an object")
    check_fields(value, _STORED_FIELDS)
    return StoredSubmission(
        name=name,
        version=parse_version(value.get("version")),
        input=value.get("input"),
        labels=_labels(value.get("labels")),
        at=parse_at(value.get("at")),
    )


def check_fields(value: Mapping[str, Any], fields: Collection[str]) -> None:
    """Raise ProblemError for a field that the request does not take."""
    if unknown := value.keys() - set(fields):
        name = min(unknown)
        known = ", ".join(f"`{field}`" for field in fields)
        raise invalid(f"/{name}", f"`{name}` is not a field of this request; it takes {known}")


def parse_version(value: Any) -> int | None:
    """The number of a version, or None where none is given."""
    if value is not None and (type(value) is not int or value < 1):
        raise invalid("/version", "a version is a number, counted from 1")
    return value


def parse_at(value: Any) -> float | None:
    """Unix seconds of a time as RFC 3339 has it, or None where none is given."""
    if value is None:
        return None
    try:
        if isinstance(value, str) and _RFC_3339.fullmatch(value):
            return datetime.fromisoformat(value.upper()).timestamp()
    except (ValueError, OverflowError):
        pass
    raise invalid("/at", "a time is RFC 3339 with its offset, such as 2026-11-20T08:00:00Z")


def parse_wait(text: str | float | None) -> float | None:
    """Seconds that a caller wants to wait, no more than `MAX_WAIT`; None for not at all."""
    if text is None or text == "":
        return None
    try:
        seconds = parse_duration(float(text) if isinstance(text, str) and text.isascii() and text.isdigit() else text)
    except ValueError as error:
        raise invalid("/wait", f"`wait`: {error}") from None
    return min(seconds, MAX_WAIT)


def parse_idempotency_key(key: str | None) -> str | None:
    """An idempotency key, 1 to 255 visible characters, or None."""
    if key is None:
        return None
    if not (0 < len(key) <= _MAX_KEY and key.isascii() and key.isprintable()):
        raise invalid("/Idempotency-Key", f"an idempotency key has 1 to {_MAX_KEY} printable ASCII characters")
    return key


def parse_traceparent(text: str | None) -> str | None:
    """A W3C trace context to carry on; one that is malformed counts as none, as the standard has it."""
    return text if text and _TRACEPARENT.fullmatch(text) else None


def merge_labels(of_workflow: Mapping[str, str], of_run: Mapping[str, str]) -> Mapping[str, str]:
    """The labels of a run: its workflow's, then its own."""
    return _labels({**of_workflow, **of_run}) if of_workflow and of_run else of_run or of_workflow


def moved(faults: tuple[Fault, ...], pointer: str) -> tuple[Fault, ...]:
    """Faults of a definition with pointers into the request that it came in."""
    return tuple(fault.model_copy(update={"pointer": pointer + fault.pointer}) for fault in faults)


def _labels(value: Any) -> Mapping[str, str]:
    if value is None or value == {}:
        return {}
    try:
        return _LABELS.validate_python(value, strict=True)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = "".join(f"/{step}" for step in first["loc"] if step != "[key]")
        raise invalid(f"/labels{place}", f"labels are at most 32 texts by name: {first['msg']}") from None
