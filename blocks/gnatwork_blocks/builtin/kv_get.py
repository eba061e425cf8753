"""`kv-get`: reads what a run before has kept."""

from typing import Any, ClassVar

from pydantic import BaseModel, Field

from gnatwork_blocks.sdk import Block, BlockContext
from gnatwork_blocks.services.keys import BucketName, KeyName
from gnatwork_schemas.model import StrictModel


class KvGet(Block):
    """Reads the newest value of a key."""

    type = "kv-get"
    title = "Key-value get"
    summary = "Reads a value that was kept under a key."
    icon = "key-round"
    category = "data"
    capabilities = ("network",)
    examples: ClassVar[tuple[dict[str, Any], ...]] = (
        {"bucket": "cursors", "key": "mailbox", "default": 0},
        {"bucket": "carts", "key": "{{ input.customer }}"},
    )

    class Config(StrictModel):
        """Which value."""

        bucket: BucketName = Field(description="What the key belongs to; there are as many as you name.")
        key: KeyName = Field(description="Any text.")
        default: Any = Field(default=None, description="The value when there is none.")

    class Output(BaseModel):
        """What is kept."""

        found: bool = Field(description="Whether there is one.")
        value: Any = Field(description="The value, or the default.")
        revision: int = Field(description="The number of its write, for `if_revision` of `kv-put`; 0 if there is none.")

    async def run(self, ctx: BlockContext, config: Config) -> dict[str, Any]:
        """Read it."""
        entry = await ctx.keys.get(config.bucket, config.key)
        if entry is None:
            return {"found": False, "value": config.default, "revision": 0}
        return {"found": True, "value": entry.value, "revision": entry.revision}
