"""What is to begin, once it is known to be right, whatever it is made of. Pure."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import orjson

from gnatwork_manager.bodies import encode_bounded
from gnatwork_manager.problems import invalid
from gnatwork_schemas.duration import MAX_SECONDS
from gnatwork_schemas.messages import Fired, Reuse, Trigger
from gnatwork_schemas.model import VERSION
from gnatwork_schemas.payload import INLINE_LIMIT, PayloadRef, is_reference, reference_value
from gnatwork_schemas.status import RunStatus, RunSummary
from gnatwork_schemas.triggers import Overlap

#: Bytes of the tasks to be reused, as JSON, that a start carries; more are a payload of the run.
_MAX_REUSE = 32 * 1024


#: Someone asked for the run by the API.
_ASKED_FOR = Fired()


class GivenInput(NamedTuple):
    """An input that came with the request."""

    json: bytes
    #: Whether it is to be stored as a payload: it is large, or looks like a reference.
    apart: bool


class CopiedInput(NamedTuple):
    """The stored input of another run, to be copied."""

    run_id: str
    reference: PayloadRef


@dataclass(frozen=True, kw_only=True, slots=True)
class Order:
    """A run as far as it is the same whoever asks for it."""

    workflow: str
    #: Digest of its control block.
    control_block: str
    #: Blocks whose output is the reply to a waiting caller.
    responses: tuple[str, ...]
    input: GivenInput | CopiedInput
    labels: Mapping[str, str]
    #: What is the same for requests that mean the same; called only where there is a key to tell them by.
    digest: Callable[[], str]
    version: int | None = None
    #: When it is to begin, Unix seconds.
    at: float | None = None
    retry_of: str | None = None
    reuse: Reuse | None = None
    #: What starts it.
    trigger: Fired = _ASKED_FOR
    #: What becomes of it while an earlier run of the same trigger is under way.
    overlap: Overlap = "allow"


class Stored(NamedTuple):
    """What of a run has been stored apart from its start."""

    input: PayloadRef | None = None
    reuse: PayloadRef | None = None


NOTHING_STORED = Stored()


@dataclass(frozen=True, kw_only=True, slots=True)
class NewRun:
    """A run that may begin."""

    run_id: str
    namespace: str
    order: Order
    idempotency_key: str | None = None

    def reuse_json(self) -> bytes | None:
        """The tasks to be reused, where they are too many for the start."""
        reuse = self.order.reuse
        data = orjson.dumps(reuse.tasks) if reuse else b""
        return data if len(data) > _MAX_REUSE else None

    def start_event(self, stored: Stored = NOTHING_STORED) -> bytes:
        """The body of its `start`, with references to what has been stored."""
        order = self.order
        body: dict[str, Any] = {
            "v": VERSION,
            "run_id": self.run_id,
            "workflow": order.workflow,
            "control_block": order.control_block,
            "input": reference_value(stored.input) if stored.input else self._inline(),
            "labels": order.labels,
            "trigger": order.trigger.model_dump(exclude_defaults=True) | {"type": order.trigger.type},
        }
        given = {
            "version": order.version,
            "idempotency_key": self.idempotency_key,
            "retry_of": order.retry_of,
            "at": order.at,
            "overlap": None if order.overlap == "allow" else order.overlap,
        }
        body |= {name: value for name, value in given.items() if value is not None}
        if reuse := order.reuse:
            told = Reuse(run_id=reuse.run_id, stored=stored.reuse) if stored.reuse else reuse
            body["reuse"] = told.model_dump(mode="json")
        return orjson.dumps(body)

    def summary(self, created_at: float) -> RunSummary:
        """How lists show it until its status document exists: sequence 0, which any document replaces."""
        return RunSummary(
            run_id=self.run_id,
            namespace=self.namespace,
            workflow=self.order.workflow,
            version=self.order.version,
            status=RunStatus.PENDING,
            labels=dict(self.order.labels),
            trigger=Trigger(type=self.order.trigger.type, id=self.order.trigger.id),
            retry_of=self.order.retry_of,
            created_at=created_at,
        )

    def _inline(self) -> orjson.Fragment:
        if not isinstance(self.order.input, GivenInput):
            raise TypeError("a copied input is a reference")
        return orjson.Fragment(self.order.input.json)


def given_input(value: Any) -> GivenInput:
    """An input as it is to be stored. Raises ProblemError when it is nested too deep."""
    return GivenInput(*value_parts(value, "/input"))


def value_parts(value: Any, pointer: str) -> tuple[bytes, bool]:
    """The JSON of a value, and whether it is to be stored as a payload; ProblemError when it is nested too deep."""
    data = encode_bounded(value, pointer)
    return data, len(data) > INLINE_LIMIT or is_reference(value)


def begin_at(at: float | None, now: float) -> float | None:
    """When a run is to begin, None for at once: the past is now. ProblemError for more than ten years ahead."""
    if at is None or at <= now:
        return None
    if at > now + MAX_SECONDS:
        raise invalid("/at", "a run begins within ten years")
    return at
