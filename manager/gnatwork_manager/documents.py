"""The shapes of what goes in and out over HTTP, for the OpenAPI document; nothing is validated with them."""

from datetime import datetime
from typing import Any, Generic, Literal, TypeVar

from pydantic import BaseModel, Field

from gnatwork_manager.people.bodies import (
    InvitationBody,
    KeyBody,
    Login,
    PasswordChange,
    PasswordReset,
    PersonChange,
    Refresh,
    Registration,
)
from gnatwork_schemas.connections import AuthorizeBody, ConnectionBody
from gnatwork_schemas.definition import Definition, Labels
from gnatwork_schemas.executors import ListedBlock
from gnatwork_schemas.letters import FoundDeadLetter
from gnatwork_schemas.live import LogLine
from gnatwork_schemas.model import Model
from gnatwork_schemas.problem import Problem
from gnatwork_schemas.status import RunStatus, RunSummary, Task
from gnatwork_schemas.triggers import NewTrigger, StoredTrigger
from gnatwork_schemas.workflow import NumberedVersion, WorkflowSummary

Item = TypeVar("Item")


class SubmissionBody(Model):
    """What to run."""

    workflow: Definition
    #: Any JSON that meets the workflow's `input` schema.
    input: Any = None
    labels: Labels | None = None
    #: When the run is to begin, RFC 3339; at once when it is not given, or past.
    at: datetime | None = None


class StoredSubmissionBody(Model):
    """How to run a stored workflow."""

    #: Any JSON that meets the workflow's `input` schema.
    input: Any = None
    labels: Labels | None = None
    #: The published one unless given.
    version: int | None = Field(default=None, ge=1)
    #: When the run is to begin, RFC 3339; at once when it is not given, or past.
    at: datetime | None = None


class CancelBody(Model):
    """Why a run is to be stopped."""

    reason: str = Field(default="", max_length=1000)


class PauseBody(Model):
    """Why a run is to be paused."""

    reason: str = Field(default="", max_length=1000)


class RetryBody(Model):
    """How to go on."""

    #: Of the stored workflow: a number, or `published`; the run's own unless given.
    version: int | Literal["published"] | None = None


class SignalBody(Model):
    """What a signal says."""

    #: Any JSON that meets the schema of the block that waits.
    data: Any = None


class ValidDefinition(Model):
    """What a definition without mistakes compiles to."""

    #: The name that it gives itself.
    workflow: str
    #: Digest of the control block.
    control_block: str


class SubmittedRun(Model):
    """A run that is stored, or was: `gone` is one that began under the same key and has been deleted since."""

    run_id: str
    status: RunStatus | Literal["gone"]


class FireBody(Model):
    """What a trigger is to have seen."""

    #: Any JSON: the root `event` of the trigger's templates.
    event: Any = None
    #: What they, and those of the run, find under `trigger` beside `type` and `id`.
    trigger: dict[str, Any] = Field(default_factory=dict)


class EventBody(Model):
    """An event, unless it is a CloudEvent: an object with `specversion`, `id`, `source` and `type`."""

    #: What event triggers listen to, e.g. `orders.created`.
    subject: str
    #: Any JSON: the root `event` of the triggers' templates.
    data: Any = None
    #: Names the event: the same once more, within a day, begins nothing.
    id: str | None = Field(default=None, min_length=1, max_length=255)


class EventRun(Model):
    """A run that an event has begun."""

    workflow: str
    trigger: str
    run_id: str


class PublishedEvent(Model):
    """What an event has begun."""

    runs: list[EventRun]


class CalledHook(Model):
    """The run that the call of a webhook has begun."""

    run_id: str
    #: Where to see, with a token, what becomes of it.
    status_url: str


class StoredEvent(Model):
    """An event of a run's history."""

    #: Its place in the history of all runs.
    sequence: int
    #: Unix seconds.
    at: float
    #: `start`, `block.page.output`, …
    event: str
    body: Any


class Page(BaseModel, Generic[Item]):
    """A page of a list; `next_cursor` is null on the last one."""

    items: list[Item]
    next_cursor: str | None


class Health(Model):
    """Whether this manager can work."""

    status: str


WorkflowPage = Page[WorkflowSummary]
VersionPage = Page[NumberedVersion]
RunPage = Page[RunSummary]
TaskPage = Page[Task]
EventPage = Page[StoredEvent]
LogPage = Page[LogLine]
BlockPage = Page[ListedBlock]
DeadLetterPage = Page[FoundDeadLetter]
TriggerPage = Page[StoredTrigger]


def json_body(model: type[BaseModel], *, required: bool = True) -> dict[str, Any]:
    """How an operation that reads its body itself describes it."""
    return {"requestBody": {"required": required, "content": {"application/json": {"schema": _ref(model)}}}}


def _ref(model: type[BaseModel]) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{model.__name__}"}


#: Models that the document mentions by name, beside those that FastAPI finds itself.
REFERENCED: tuple[type[BaseModel], ...] = (
    SubmissionBody,
    StoredSubmissionBody,
    CancelBody,
    PauseBody,
    RetryBody,
    SignalBody,
    FireBody,
    EventBody,
    NewTrigger,
    ConnectionBody,
    AuthorizeBody,
    Registration,
    Login,
    Refresh,
    PasswordChange,
    PasswordReset,
    InvitationBody,
    PersonChange,
    KeyBody,
    Definition,
    Problem,
)
