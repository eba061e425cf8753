"""`expand`: stores the items of a loop, so that the scheduler need not know them and each can be read alone."""

from gnatwork_blocks.context import BlockContext
from gnatwork_blocks.errors import BlockError
from gnatwork_blocks.loop_items import checked_items
from gnatwork_bus.patience import until_available
from gnatwork_executor.implicit.base import ImplicitBlock
from gnatwork_schemas import implicit


class Expand(ImplicitBlock):
    """`Expand` to `Expanded`."""

    type = implicit.EXPAND
    title = "Expand"
    summary = "Stores the items of a loop."
    Config = implicit.Expand
    places = 4

    async def perform(self, ctx: BlockContext, config: implicit.Expand) -> implicit.Expanded:
        """Store the items.

        Raises:
            BlockError: `loop.not_an_array`, `loop.too_many`, `block.output_invalid`.
        """
        values = checked_items(config.items, config.max)
        items, namespace, run_id = self.world.items, ctx.namespace, ctx.run_id
        try:
            stored = await until_available(lambda: items.put(namespace, run_id, values, ctx.task))
        except TypeError as error:
            raise BlockError("block.output_invalid", "An item is nested too deep to be stored.") from error
        return implicit.Expanded(items=stored)
