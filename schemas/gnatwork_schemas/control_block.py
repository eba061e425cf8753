"""A definition compiled for execution: dependencies resolved, templates parsed, defaults filled in."""

from typing import Any, Literal

from pydantic import Field, JsonValue

from gnatwork_schemas.definition import Join, Lane, OnError, OnLimit, Retry
from gnatwork_schemas.model import Model
from gnatwork_schemas.names import BlockId, BlockTypeName, Name, TaskName
from gnatwork_schemas.template import Templated, TemplateLeaf

#: The port that a block takes when it completes.
DEFAULT_PORT = "out"
#: The port that a block takes when it fails for good.
ERROR_PORT = "error"

#: How the scheduler runs a block. `task`: an executor does the work. The others it steers itself:
#: `loop` with a body of blocks, `each` with one block as the body (`for_each`), `group`, `delay`, `wait`, and
#: `workflow`, a child run, and `script`, a program whose steps are tasks.
Kind = Literal["task", "loop", "each", "group", "delay", "wait", "workflow", "script"]


#: Steps that a program may take, and take at once, unless its block says otherwise.
MAX_STEPS = 100_000
STEP_CONCURRENCY = 256
#: What programs are written in.
ScriptLanguage = Literal["javascript", "python"]


class Need(Model):
    """An edge: `block` must have taken `port`."""

    block: TaskName
    port: str = DEFAULT_PORT


class Loop(Model):
    """How a `loop` or `each` goes round."""

    #: `items`: once per item of an array, found in the block's config under `items`. `while` and `until`: as long as,
    #: or up to the first time that, `condition` holds; one iteration at a time.
    over: Literal["items", "while", "until"] = "items"
    #: Iterations at once.
    concurrency: int = 10
    #: More items, or more iterations, are an error.
    max_iterations: int = 10_000
    #: Whether an iteration that fails ends the loop, or yields `{"error": …}`.
    on_error: OnError = "fail"
    #: A block of type `condition`, named `:while` or `:until`, that belongs to the scope of each iteration. Its port
    #: is `true` or `false`.
    condition: "ControlledBlock | None" = None


class ControlledBlock(Model):
    """A block as the scheduler runs it."""

    id: TaskName
    type: BlockTypeName
    kind: Kind = "task"
    config: JsonValue
    #: The leaves of `config` that are templates.
    templates: tuple[TemplateLeaf, ...] = ()
    needs: tuple[Need, ...] = ()
    join: Join = "all"
    #: Blocks beside it whose error is the `error` of its templates: those that it needs by their error port.
    handles: tuple[BlockId, ...] = ()
    retry: Retry = Retry()
    #: Seconds of one attempt.
    timeout: float = 60.0
    #: Seconds that a `workflow` block waits for its child run; None is for ever.
    patience: float | None = None
    on_error: OnError = "fail"
    idempotent: bool = True
    lane: Lane = "normal"
    #: Whether its output is the reply to the run's caller.
    responds: bool = False
    #: Which port beside `out` it takes: the one that its output names under `port`, or, for `pass`, none at all,
    #: `out` included, when its output has `pass: false`.
    routes: Literal["port", "pass"] | None = None
    #: Attempts of its type that may run at once in the whole installation.
    type_concurrency: int | None = None
    #: Whether its executors resolve no deferred leaves: its config is completed ahead of it.
    plain: bool = False
    #: The body of a `loop` or `group`; of an `each` the one block, under the same id.
    blocks: "tuple[ControlledBlock, ...]" = ()
    loop: Loop | None = None
    #: The program of a `script`, whose `timeout` is that of one slice, and whose config is what it is called with.
    script: "Script | None" = None
    #: What undoes it, named `<id>:undo`. Its templates see what those of the block see, and the block itself.
    compensate: "ControlledBlock | None" = None


class Script(Model):
    """The program of a `script` block; what it is called with is the block's config."""

    language: ScriptLanguage
    source: str
    #: The function that is called first.
    entry: str
    #: More steps and transitions than these, of all slices together, are an error.
    max_steps: int = MAX_STEPS
    #: Steps under way at once.
    concurrency: int = STEP_CONCURRENCY


class ConcurrencyLimit(Model):
    """How many runs of the workflow, and with the same key, there may be at once."""

    max: int
    key: Templated
    on_limit: OnLimit = "queue"


class StartRate(Model):
    """How many runs of the workflow, and with the same key, may begin in `per` seconds."""

    max: int
    per: float
    key: Templated


class ControlBlock(Model):
    """Immutable; stored and addressed by the digest of its JSON."""

    v: Literal[1] = 1
    workflow: Name
    #: JSON Schema of the input; None accepts anything.
    input: dict[str, Any] | bool | None = None
    #: In the order of the definition, each implicit step ahead of its block.
    blocks: tuple[ControlledBlock, ...] = Field(min_length=1)
    #: Seconds of the whole run.
    timeout: float | None = None
    labels: dict[str, str] = Field(default_factory=dict)
    #: What a completed run yields, when the definition says so.
    output: Templated | None = None
    #: Run when the run fails or times out, before its end.
    on_failure: tuple[ControlledBlock, ...] = ()
    concurrency: ConcurrencyLimit | None = None
    rate_limit: StartRate | None = None
    #: Seconds for which an ended run is kept; None: as the installation has it.
    retention: float | None = None
