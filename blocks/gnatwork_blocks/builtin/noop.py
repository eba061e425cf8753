"""`noop`: yields its config."""

from typing import Any, ClassVar

from gnatwork_blocks.sdk import Block, BlockContext


class Noop(Block):
    """Does nothing, as cheaply as possible: for tests, benchmarks and joins."""

    type = "noop"
    title = "No operation"
    summary = "Does nothing and yields its config."
    icon = "circle-dashed"
    category = "logic"
    examples: ClassVar[tuple[dict[str, Any], ...]] = ({"any": ["value", "{{ input.x ?? 1 }}"]},)

    async def run(self, ctx: BlockContext, config: Any) -> Any:  # noqa: ARG002 - the signature of every block
        """Yield the config."""
        return config
