"""A definition compiled for execution: dependencies resolved, templates parsed, defaults filled in."""

from typing import Any, Literal

from pydantic import Field, JsonValue

from gnatwork_schemas.definition import Join, OnError, Retry
from gnatwork_schemas.model import Model
from gnatwork_schemas.names import BlockId, BlockTypeName, Name
from gnatwork_schemas.template import TemplateLeaf

#: The port that a block takes when it completes.
DEFAULT_PORT = "out"
#: The port that a block takes when it fails for good.
ERROR_PORT = "error"


class Need(Model):
    """An edge: `block` must have taken `port`."""

    block: BlockId
    port: str = DEFAULT_PORT


class ControlledBlock(Model):
    """A block as the scheduler runs it."""

    id: BlockId
    type: BlockTypeName
    config: JsonValue
    #: The leaves of `config` that are templates.
    templates: tuple[TemplateLeaf, ...] = ()
    needs: tuple[Need, ...] = ()
    join: Join = "all"
    retry: Retry = Retry()
    #: Seconds of one attempt.
    timeout: float
    on_error: OnError = "fail"
    idempotent: bool = True
    #: Whether its output is the reply to the run's caller.
    responds: bool = False


class OutputTemplate(Model):
    """What a completed run yields, when the definition says so."""

    config: JsonValue
    templates: tuple[TemplateLeaf, ...] = ()


class ControlBlock(Model):
    """Immutable; stored and addressed by the digest of its JSON."""

    v: Literal[1] = 1
    workflow: Name
    #: JSON Schema of the input; None accepts anything.
    input: dict[str, Any] | bool | None = None
    #: In the order of the definition.
    blocks: tuple[ControlledBlock, ...] = Field(min_length=1)
    #: Seconds of the whole run.
    timeout: float | None = None
    labels: dict[str, str] = Field(default_factory=dict)
    output: OutputTemplate | None = None
