"""Triggers: what starts runs of a stored workflow beside people and programs that ask for one.

Their templates see two roots: `event`, what came (the body of a webhook, the data of an event, an item that a poll
found; null for a schedule), and `trigger`, how it came, which the run's own templates see as well.
"""

from typing import Annotated, Any, Literal

from pydantic import Field, JsonValue, RootModel, TypeAdapter
from pydantic.json_schema import SkipJsonSchema

from gnatwork_schemas.duration import PositiveDuration
from gnatwork_schemas.model import Model, StrictModel
from gnatwork_schemas.names import BlockTypeName, Name
from gnatwork_schemas.service_trigger import ServiceTrigger

#: What becomes of a nominal time at which the run of an earlier one is still under way.
Overlap = Literal["allow", "skip", "queue", "replace"]
#: What becomes of nominal times that passed while nothing could fire: none of them runs, the latest, or all.
Catchup = Literal["none", "latest", "all"]
#: Whose form of signature a webhook has: Standard Webhooks, GitHub's `X-Hub-Signature-256`, Stripe's header, Slack's.
SignatureScheme = Literal["standard", "github", "stripe", "slack"]

#: Triggers of one workflow.
MAX_TRIGGERS = 100


class TriggerDefinition(StrictModel):
    """What all triggers have."""

    #: Names the trigger within its workflow.
    id: Name
    #: Whether it fires.
    enabled: bool = True
    #: The run's input, any JSON with templates over `event` and `trigger`; the event itself unless given.
    input: JsonValue = "{{ event }}"
    #: As it was written, where it is of a type that an integration brings; no definition has this.
    written: SkipJsonSchema[dict[str, JsonValue] | None] = None


class WebhookRate(StrictModel):
    """How many calls are taken in a time; more get 429."""

    max: int = Field(ge=1, le=1_000_000)
    per: PositiveDuration


class WebhookTrigger(TriggerDefinition):
    """An HTTP request from outside."""

    type: Literal["webhook"]
    #: Where it listens below `/hooks`, beside its own unguessable address, e.g. `/orders/created`.
    path: str | None = Field(default=None, pattern=r"^(/[A-Za-z0-9._~-]{1,64}){1,8}$")
    method: Literal["GET", "POST", "PUT", "PATCH", "DELETE"] = "POST"
    #: How callers show that they may: not at all, by the secret in a header, or by a signature made with it.
    auth: Literal["none", "key", "hmac"] = "none"
    #: The header that has the secret with `key`; `X-Gnatwork-Key` unless given.
    key_header: str | None = Field(default=None, pattern=r"^[A-Za-z0-9-]{1,64}$")
    #: The value of a connection, `{{ connections.<name>.<value> }}`: secrets are never part of a definition.
    secret: str | None = None
    signature: SignatureScheme = "standard"
    #: How far the time in a signature may be away, either way.
    #: Less than deliveries are remembered for, or a call could be sent again after that.
    tolerance: PositiveDuration = Field(default=300.0, le=12 * 3600)
    #: Answer once the run is stored, with its id or with nothing at all; or with the reply of its `response` block.
    respond: Literal["accepted", "empty", "run"] = "accepted"
    #: How long a caller waits for that reply before it gets 202.
    deadline: PositiveDuration = Field(default=30.0, le=300)
    rate_limit: WebhookRate | None = None
    #: Bytes of a body.
    max_body: int = Field(default=1024 * 1024, ge=1, le=32 * 1024 * 1024)
    #: A header that names a delivery, beside those known: the same one again starts no second run.
    delivery_header: str | None = Field(default=None, pattern=r"^[A-Za-z0-9-]{1,64}$")
    #: A template over `event` that yields what names a delivery, before all headers; what it is missing from has none.
    delivery: str | None = Field(default=None, min_length=1, max_length=1000)
    #: A JavaScript expression over `event` and `trigger`; a call that it does not hold for starts nothing.
    filter: str | None = Field(default=None, min_length=1, max_length=16_384)


class ScheduleTrigger(TriggerDefinition):
    """A time of the clock."""

    type: Literal["schedule"]
    #: Five fields, six with seconds first, or `@hourly @daily @weekly @monthly @yearly`.
    cron: str = Field(min_length=1, max_length=200)
    #: A name of the IANA time zone database.
    timezone: str = Field(default="UTC", max_length=64)
    overlap: Overlap = "allow"
    catchup: Catchup = "latest"
    #: With `all`, the most nominal times that are caught up with, the latest ones.
    max_catchup: int = Field(default=100, ge=1, le=10_000)


class EventTrigger(TriggerDefinition):
    """A message on a NATS subject, or an event that came over HTTP."""

    type: Literal["event"]
    #: May have wildcards.
    subject: str = Field(min_length=1, max_length=255)
    #: The JetStream stream that stores the subject: then no message is missed; without, only what comes is heard.
    stream: str | None = Field(default=None, pattern=r"^[A-Za-z0-9_-]{1,255}$")
    #: A JavaScript expression over `event` and `trigger`; what it does not hold for starts nothing.
    filter: str | None = Field(default=None, min_length=1, max_length=16_384)


class PollingTrigger(TriggerDefinition):
    """Something new at an address that is fetched again and again."""

    type: Literal["polling"]
    every: PositiveDuration = Field(ge=1)
    #: The type of block that asks.
    block: BlockTypeName = "fetch"
    #: The config of that block; its templates see `cursor`, what the poll before left, null at first.
    fetch: dict[str, JsonValue]
    #: A template over `response`, the output of that block, that yields the array of items.
    items: JsonValue = "{{ response.body }}"
    #: A template over `item` that yields what tells it from others: each key starts one run. The item unless given.
    key: JsonValue = "{{ item }}"
    #: A template over `response` that yields the next poll's `cursor`.
    cursor: JsonValue = None
    #: More items than these in one poll are an error.
    max_items: int = Field(default=1000, ge=1, le=10_000)


#: Any trigger, told apart by `type`.
AnyTrigger = Annotated[WebhookTrigger | ScheduleTrigger | EventTrigger | PollingTrigger, Field(discriminator="type")]


class NewTrigger(RootModel[AnyTrigger | ServiceTrigger]):
    """A trigger as it is added beside a definition."""


TRIGGER: TypeAdapter[AnyTrigger] = TypeAdapter(AnyTrigger)


class TriggerState(Model):
    """What has become of a trigger: its state document. Times are Unix seconds."""

    v: Literal[1] = 1
    #: When it fired last, and the run that began.
    last_fired_at: float | None = None
    last_run: str | None = None
    #: Runs that it has started.
    fired: int = 0
    #: What went wrong last, and when.
    last_error: str | None = None
    last_error_at: float | None = None
    #: Of a schedule or a poll: the time up to which everything is settled.
    nominal: float | None = None
    #: Likewise: what its times are reckoned from, such as its cron; None while it does not fire.
    times: str | None = None
    #: Likewise: the revision of the workflow's document by which it was switched on or off last.
    revision: int = 0
    #: Of a poll: what the next one begins from.
    cursor: Any = None


class StoredTrigger(Model):
    """A trigger as the API shows it."""

    workflow: str
    #: The trigger itself, as it was given.
    trigger: AnyTrigger | ServiceTrigger
    #: Of one of a type that an integration brings: the trigger of the engine's own that it became.
    becomes: AnyTrigger | None = None
    #: Whether it is part of the published definition, or was added beside it.
    source: Literal["definition", "api"]
    #: Whether it fires: as its definition says, unless it was switched on or off.
    enabled: bool
    #: Of a webhook: its addresses below the manager's, the unguessable one first.
    addresses: tuple[str, ...] = ()
    #: Of a schedule or a poll: when it fires next, Unix seconds.
    next_at: float | None = None
    state: TriggerState = TriggerState()
    #: Names this state of the workflow's document: in quotes it is the ETag. Not in lists.
    revision: int | None = None


class NextTime(Model):
    """A time to come of a trigger that goes by the clock."""

    #: Unix seconds.
    at: float
    #: The same in the trigger's time zone, ISO 8601.
    local: str


class TriggerPreview(Model):
    """When a trigger fires next, if it is switched on."""

    times: tuple[NextTime, ...]
