"""What a submission means: which run it makes and what is to be stored for it. Pure: no I/O, no clock."""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson
from pydantic import TypeAdapter, ValidationError

from gnatwork_manager.bodies import encode_bounded
from gnatwork_manager.problems import ProblemError, invalid
from gnatwork_schemas.definition import Labels
from gnatwork_schemas.duration import parse_duration
from gnatwork_schemas.model import VERSION
from gnatwork_schemas.payload import INLINE_LIMIT, PayloadRef, is_reference, reference_value
from gnatwork_schemas.problem import Fault
from gnatwork_schemas.status import RunStatus, RunSummary

#: The longest that a caller may wait, seconds.
MAX_WAIT = 300.0

_FIELDS = frozenset({"workflow", "input", "labels"})
_LABELS: TypeAdapter[dict[str, str]] = TypeAdapter(Labels)
_MAX_KEY = 255
_TRACEPARENT = re.compile(r"[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}")


@dataclass(frozen=True, kw_only=True, slots=True)
class Submission:
    """What a caller wants to be run."""

    definition: dict[str, Any]
    #: JSON Pointer to the definition in what was sent.
    pointer: str
    input: Any = None
    labels: Mapping[str, str] = field(default_factory=dict)


def parse_submission(value: Any) -> Submission:
    """A submission from a request's body `{workflow, input?, labels?}`; raises ProblemError.

    `workflow` is the definition, or `{"definition": …}`.
    """
    if not isinstance(value, dict):
        raise invalid("", "the body must be an object with the definition under `workflow`")
    if unknown := value.keys() - _FIELDS:
        name = min(unknown)
        raise invalid(f"/{name}", f"`{name}` is not a field of a submission; it takes `workflow`, `input`, `labels`")
    workflow, pointer = value.get("workflow"), "/workflow"
    if isinstance(workflow, dict) and workflow.keys() == {"definition"}:
        workflow, pointer = workflow["definition"], "/workflow/definition"
    if not isinstance(workflow, dict):
        raise invalid(pointer, "the definition of a workflow is missing, or not an object")
    return Submission(
        definition=workflow, pointer=pointer, input=value.get("input"), labels=_labels(value.get("labels"))
    )


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


@dataclass(frozen=True, kw_only=True, slots=True)
class NewRun:
    """A run that has been checked and may begin."""

    run_id: str
    namespace: str
    workflow: str
    #: Digest of its control block.
    control_block: str
    #: The JSON of its input.
    input_json: bytes
    #: Whether the input is to be stored as a payload: it is large, or looks like a reference.
    input_apart: bool
    labels: Mapping[str, str]
    idempotency_key: str | None = None

    def start_event(self, reference: PayloadRef | None) -> bytes:
        """The body of its `start`, with the input or the reference to it."""
        value = orjson.Fragment(self.input_json) if reference is None else reference_value(reference)
        body = {
            "v": VERSION,
            "run_id": self.run_id,
            "workflow": self.workflow,
            "control_block": self.control_block,
            "input": value,
            "labels": self.labels,
            "trigger": {"type": "api"},
        }
        if self.idempotency_key:
            body["idempotency_key"] = self.idempotency_key
        return orjson.dumps(body)

    def summary(self, created_at: float) -> RunSummary:
        """How lists show it until its status document exists: sequence 0, which any document replaces."""
        return RunSummary(
            run_id=self.run_id,
            namespace=self.namespace,
            workflow=self.workflow,
            status=RunStatus.PENDING,
            labels=dict(self.labels),
            created_at=created_at,
        )


def input_parts(value: Any) -> tuple[bytes, bool]:
    """The JSON of an input, and whether it is to be stored as a payload."""
    data = encode_bounded(value, "/input")
    return data, len(data) > INLINE_LIMIT or is_reference(value)


def merge_labels(of_workflow: Mapping[str, str], of_run: Mapping[str, str]) -> Mapping[str, str]:
    """The labels of a run: its workflow's, then its own."""
    return _labels({**of_workflow, **of_run}) if of_workflow and of_run else of_run or of_workflow


def moved(faults: tuple[Fault, ...], pointer: str) -> tuple[Fault, ...]:
    """Faults of a definition with pointers into the request that it came in."""
    return tuple(fault.model_copy(update={"pointer": pointer + fault.pointer}) for fault in faults)


@dataclass(frozen=True, slots=True)
class Claim:
    """What an idempotency key stands for."""

    run_id: str
    #: Tells whether a later request is the same.
    digest: str

    def encode(self) -> bytes:
        """As it is stored."""
        return orjson.dumps({"v": VERSION, "run_id": self.run_id, "digest": self.digest})

    def check_same(self, digest: str) -> None:
        """Raises ProblemError when another request came under the same key."""
        if digest != self.digest:
            raise ProblemError("idempotency.conflict", f"the key belongs to run {self.run_id}")


def parse_claim(data: bytes) -> Claim:
    """A stored claim."""
    record = orjson.loads(data)
    return Claim(record["run_id"], record["digest"])


def claim_key(namespace: str, idempotency_key: str) -> str:
    """The key of a claim in its bucket."""
    return f"{namespace}.{hashlib.sha256(idempotency_key.encode()).hexdigest()}"


def request_digest(submission: Submission) -> str:
    """The same for two requests that mean the same, in whatever order their fields come."""
    content = [submission.definition, submission.input, submission.labels]
    return hashlib.sha256(orjson.dumps(content, option=orjson.OPT_SORT_KEYS)).hexdigest()


def _labels(value: Any) -> Mapping[str, str]:
    if value is None or value == {}:
        return {}
    try:
        return _LABELS.validate_python(value, strict=True)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = "".join(f"/{step}" for step in first["loc"] if step != "[key]")
        raise invalid(f"/labels{place}", f"labels are at most 32 texts by name: {first['msg']}") from None
