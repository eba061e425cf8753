"""The native definition: what people write."""

from typing import Annotated, Any, Literal

from pydantic import Field, JsonValue

from gnatwork_schemas.duration import Duration, PositiveDuration
from gnatwork_schemas.model import StrictModel
from gnatwork_schemas.names import ADHOC_WORKFLOW, BlockId, BlockTypeName, LoopName, Name
from gnatwork_schemas.service_trigger import ServiceTrigger
from gnatwork_schemas.triggers import MAX_TRIGGERS, AnyTrigger

Join = Literal["all", "any", "always"]
OnError = Literal["fail", "continue"]
#: Which queue the work items of a block wait in.
Lane = Literal["high", "normal", "low"]
#: What happens to a run that finds no room: it waits, fails, or has the oldest one cancelled.
OnLimit = Literal["queue", "reject", "cancel_oldest"]

#: Labels of a run: at most 32, keys and values short enough for an index.
Labels = Annotated[
    dict[Annotated[str, Field(min_length=1, max_length=63)], Annotated[str, Field(max_length=256)]],
    Field(max_length=32),
]

#: The most blocks that one definition may hold, nested ones included.
MAX_BLOCKS = 10_000
#: How deep blocks may be nested.
MAX_NESTING = 8
#: The most items or iterations that a loop may be allowed.
MAX_ITERATIONS = 1_000_000


class Retry(StrictModel):
    """When a failed attempt is tried again. Only errors marked retryable are."""

    #: Attempts in all, the first one included.
    max_attempts: int = Field(default=1, ge=1, le=100)
    #: Wait before the second attempt.
    initial: Duration = 1.0
    #: Each further wait is this many times the one before.
    factor: float = Field(default=2.0, ge=1, le=100)
    #: No wait is longer than this.
    max: Duration = 300.0
    #: The wait is spread by up to this share of itself, so that retries do not come in step.
    jitter: float = Field(default=0.2, ge=0, le=1)
    #: Retry these error codes only.
    on: tuple[str, ...] | None = None
    #: Never retry these error codes.
    not_on: tuple[str, ...] | None = None


class ForEach(StrictModel, populate_by_name=False):
    """One task per item; the block's output is the array of their outputs, in order."""

    #: A template that yields an array, or an array.
    items: JsonValue
    #: What templates and expressions call the item.
    as_: LoopName = Field(default="item", alias="as")
    #: Tasks at once.
    concurrency: int = Field(default=10, ge=1, le=10_000)
    #: More items are an error.
    max_items: int = Field(default=10_000, ge=1, le=MAX_ITERATIONS)
    #: `continue`: an item that fails yields `{"error": …}` in its place.
    on_error: OnError = "fail"


class Compensation(StrictModel):
    """What undoes a block that completed, once the run fails or times out."""

    type: BlockTypeName
    #: May mention the block itself and whatever the block could.
    config: JsonValue = Field(default_factory=dict)
    #: Overrides the workflow's `retry`.
    retry: Retry | None = None
    #: Of one attempt.
    timeout: PositiveDuration = 60.0
    #: As for blocks.
    idempotent: bool = True


class BlockDefinition(StrictModel):
    """One step of a workflow."""

    #: Names the block in templates, `needs`, tasks and history.
    id: BlockId
    #: Which block type does the work.
    type: BlockTypeName
    #: A title for people.
    name: str | None = Field(default=None, max_length=200)
    #: What the block type asks for; strings may hold `{{ templates }}`.
    config: JsonValue = Field(default_factory=dict)
    #: `"id"` or `"id.port"` of blocks to wait for, beside those that templates mention.
    needs: tuple[str, ...] = ()
    #: Run once all, or any, of the needs are met, or always, whatever became of them.
    join: Join = "all"
    #: Overrides the workflow's `retry`.
    retry: Retry | None = None
    #: Of one attempt.
    timeout: PositiveDuration = 60.0
    #: What a final error means for the run.
    on_error: OnError = "fail"
    #: `false`: an attempt whose executor vanished is not run again.
    idempotent: bool = True
    #: A JavaScript expression; the block is skipped unless it holds.
    when: str | None = Field(default=None, min_length=1)
    #: Run the block once per item.
    for_each: ForEach | None = None
    #: What undoes the block.
    compensate: Compensation | None = None
    #: The lane that its work items queue in.
    priority: Lane = "normal"
    #: The blocks inside a `loop` or a `group`.
    blocks: "tuple[BlockDefinition, ...] | None" = Field(default=None, min_length=1, max_length=MAX_BLOCKS)
    #: As `blocks`, but each also waits for the one before it.
    steps: "tuple[BlockDefinition, ...] | None" = Field(default=None, min_length=1, max_length=MAX_BLOCKS)


class Concurrency(StrictModel):
    """How many runs of a workflow there may be at once."""

    max: int = Field(ge=1, le=100_000)
    #: A template: runs with different values don't count together.
    key: JsonValue = None
    on_limit: OnLimit = "queue"


class RateLimit(StrictModel):
    """How many runs of a workflow may begin in a time; more of them wait."""

    max: int = Field(ge=1, le=10_000)
    per: PositiveDuration
    #: A template: runs with different values don't count together.
    key: JsonValue = None


class Definition(StrictModel):
    """A workflow: `blocks` run as soon as their needs are met, `steps` one after the other."""

    name: Name = ADHOC_WORKFLOW
    description: str | None = Field(default=None, max_length=2000)
    #: JSON Schema (draft 2020-12) that the input of a run must meet.
    input: dict[str, Any] | bool | None = None
    blocks: tuple[BlockDefinition, ...] | None = Field(default=None, min_length=1, max_length=MAX_BLOCKS)
    #: As `blocks`, but each also waits for the one before it. Exactly one of the two is given.
    steps: tuple[BlockDefinition, ...] | None = Field(default=None, min_length=1, max_length=MAX_BLOCKS)
    #: Of the whole run; past it the run ends as `timed_out`.
    timeout: PositiveDuration | None = None
    #: The default for blocks that give none.
    retry: Retry | None = None
    labels: Labels = Field(default_factory=dict)
    #: Blocks that run when the run fails or times out; `error` says why.
    on_failure: tuple[BlockDefinition, ...] | None = Field(default=None, min_length=1, max_length=MAX_BLOCKS)
    concurrency: Concurrency | None = None
    rate_limit: RateLimit | None = None
    #: How long an ended run is kept; overrides the installation's setting.
    retention: Duration | None = None
    #: What starts runs of it, once it is stored.
    triggers: tuple[AnyTrigger | ServiceTrigger, ...] = Field(default=(), max_length=MAX_TRIGGERS)
    #: What a run yields; default: the `response` block's body, else the outputs of the blocks nothing waits for.
    output: JsonValue = None
