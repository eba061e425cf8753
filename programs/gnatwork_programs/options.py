"""What a program may say of a step beside its config, as blocks of a definition have it."""

from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, Field

from gnatwork_blocks.errors import BlockError
from gnatwork_engine.compiler.faults import Faults
from gnatwork_engine.compiler.fields import read_fields
from gnatwork_schemas.definition import Lane, Retry
from gnatwork_schemas.duration import PositiveDuration
from gnatwork_schemas.model import StrictModel

Label = Annotated[str, Field(max_length=60)]
M = TypeVar("M", bound=BaseModel)
#: Mistakes that are told at once.
_SHOWN = 3


class StepOptions(StrictModel):
    """Of `step`."""

    #: For people.
    name: Label | None = None
    retry: Retry = Retry()
    #: Seconds of one attempt.
    timeout: PositiveDuration = 60.0
    #: `false`: an attempt whose executor vanished is not run again.
    idempotent: bool = True
    #: The lane that its work items queue in.
    priority: Lane = "normal"


class RunOptions(StrictModel):
    """Of `run`."""

    version: int | None = Field(default=None, ge=1)
    #: `false`: go on as soon as the child run has been started.
    wait: bool = True
    retry: Retry = Retry()
    #: Seconds that the program waits for the child run; None is for ever.
    timeout: PositiveDuration | None = None


def read_options(model: type[M], given: Any, what: str) -> M:
    """What was given, as a model; BlockError `block.config_invalid` where it is none."""
    faults = Faults()
    found = read_fields(model, given, (), faults)
    if found is None:
        shown = "; ".join(fault.message for fault in faults.error().faults[:_SHOWN])
        raise BlockError("block.config_invalid", f"{what}: {shown}")
    return found
