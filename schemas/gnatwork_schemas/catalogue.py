"""What block types exist, as their executors announce them."""

import re
from typing import Any

from pydantic import Field

from gnatwork_schemas.messages import Message
from gnatwork_schemas.names import BlockTypeName


class BlockType(Message):
    """A catalogue entry: all that the compiler, the documentation and a designer need to know of a block type."""

    type: BlockTypeName
    version: str = "1"
    title: str
    summary: str
    icon: str = "box"
    category: str = "other"
    #: JSON Schema of the config, templates aside.
    config_schema: dict[str, Any] | bool
    #: JSON Schema of the output.
    output_schema: dict[str, Any] | bool
    #: Ports beside `out` and `error`.
    ports: tuple[str, ...] = ()
    #: What it does to the world: `network`, `cpu`, `secrets`, `side-effects`.
    capabilities: tuple[str, ...] = ()
    #: Whether a run's caller gets this block's output as the reply.
    responds: bool = False
    #: Attempts that may run at once in the whole installation; None is no limit.
    concurrency: int | None = Field(default=None, ge=1)
    #: Error codes of its own that another attempt may get over.
    retryable: tuple[str, ...] = ()
    #: Whether its executors can't resolve deferred leaves: the engine then has the config rendered ahead of the task.
    plain: bool = False
    examples: tuple[dict[str, Any], ...] = Field(default=())


def version_order(version: str) -> tuple[tuple[int, ...], str]:
    """What versions of a block type are compared by: the numbers in them, `1.10` being newer than `1.9`."""
    return tuple(int(number) for number in re.findall("[0-9]{1,18}", version)), version
