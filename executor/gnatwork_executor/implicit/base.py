"""What the implicit tasks have in common."""

from typing import Any, ClassVar

import orjson

from gnatwork_blocks.block import Block
from gnatwork_blocks.context import BlockContext
from gnatwork_blocks.errors import BlockError
from gnatwork_bus.message import StoredMessage
from gnatwork_bus.patience import until_available
from gnatwork_executor.implicit.values import reference_of, value_of
from gnatwork_executor.ports import Ports
from gnatwork_schemas.errors import GnatworkError, PayloadTooLargeError
from gnatwork_schemas.payload import MAX_PAYLOAD


class ImplicitBlock(Block):
    """A block that works on NATS itself. No definition names it, and it is not in the catalogue."""

    #: The most attempts at once in a process: some hold large values.
    places: ClassVar[int]

    def __init__(self, world: Ports) -> None:
        self.world = world

    async def run(self, ctx: BlockContext, config: Any) -> Any:
        """Do the work; what went wrong on the way is the attempt's error."""
        try:
            return await self.perform(ctx, config)
        except GnatworkError as error:
            raise BlockError(error.code, str(error)) from error

    async def perform(self, ctx: BlockContext, config: Any) -> Any:
        """Do the work and return the output.

        Raises:
            BlockError: The attempt failed.
            GnatworkError: Likewise; another attempt would fail as well.
        """
        raise NotImplementedError

    async def yielded(self, namespace: str, run_id: str, event: StoredMessage, most: int = MAX_PAYLOAD) -> bytes:
        """The JSON of what the task yielded that an event of this run settled; it may have so many bytes.

        Raises:
            PayloadTooLargeError: It has more.
            BlockError: The event settles no task, or can't be read.
            PayloadError: The value is gone.
        """
        value = value_of(event)
        reference = reference_of(value, event.sequence)
        if reference is None:
            return orjson.dumps(value)
        if reference.size > most:
            raise PayloadTooLargeError(f"{reference.id} has {reference.size} bytes")
        return await until_available(lambda: self.world.payloads.get(namespace, run_id, reference))
