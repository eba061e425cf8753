"""`slice`: runs a program until it waits for steps that nobody knows the outcomes of yet."""

from functools import partial
from typing import Any

from gnatwork_blocks.context import BlockContext
from gnatwork_executor.implicit.base import ImplicitBlock
from gnatwork_executor.ports import Ports
from gnatwork_executor.scripts.carrying import StoringCarrier
from gnatwork_executor.scripts.catalogue import AnnouncedTypes
from gnatwork_executor.scripts.outcomes import StoredOutcomes
from gnatwork_executor.scripts.programs import StoredScripts
from gnatwork_programs.ports import World
from gnatwork_programs.slices import Slices
from gnatwork_schemas import implicit


class Slice(ImplicitBlock):
    """`Slice` to `Sliced`. It does nothing to the world but store values, so it may run any number of times."""

    type = implicit.SLICE
    title = "Slice"
    summary = "Runs a program until it waits."
    Config = implicit.Slice
    places = 8

    def __init__(self, world: Ports) -> None:
        super().__init__(world)
        self._slices = Slices(
            World(
                scripts=StoredScripts(world.state),
                types=AnnouncedTypes(world.state),
                outcomes=StoredOutcomes(world),
                carrier=partial(StoringCarrier, world),
            )
        )

    async def perform(self, ctx: BlockContext, config: implicit.Slice) -> Any:
        """Run the program.

        Raises:
            BlockError: What the program threw, an error of one of its steps among that, or why it can't be run.
            GnatworkError: A value is gone, or too large.
        """
        return await self._slices.run(ctx, config)
