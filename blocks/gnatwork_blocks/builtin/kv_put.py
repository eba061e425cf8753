"""`kv-put`: keeps a value beyond the run."""

from typing import Annotated, Any, ClassVar, Self

from pydantic import BaseModel, Field, model_validator

from gnatwork_blocks.sdk import Block, BlockContext
from gnatwork_blocks.services.keys import BucketName, KeyName
from gnatwork_schemas.duration import Duration
from gnatwork_schemas.model import StrictModel


class KvPut(Block):
    """Writes or removes a key; on a condition, if others may write it, too."""

    type = "kv-put"
    title = "Key-value put"
    summary = "Keeps a value under a key, or removes it."
    icon = "key-square"
    category = "data"
    capabilities = ("network", "side-effects")
    examples: ClassVar[tuple[dict[str, Any], ...]] = (
        {"bucket": "cursors", "key": "mailbox", "value": "{{ input.last }}"},
        {"bucket": "locks", "key": "{{ input.order }}", "value": "{{ run.id }}", "if_revision": 0, "ttl": "10m"},
        {"bucket": "carts", "key": "{{ input.customer }}", "delete": True},
    )

    class Config(StrictModel):
        """What to keep; `value`, or `delete`."""

        bucket: BucketName = Field(description="What the key belongs to; there are as many as you name.")
        key: KeyName = Field(description="Any text.")
        value: Any = Field(default=None, description="Any JSON, up to 512 KiB.")
        delete: bool = Field(default=False, description="Remove the key.")
        ttl: Annotated[Duration, Field(ge=1)] | None = Field(
            default=None, description="How long to keep it, from a second; for ever unless given."
        )
        if_revision: int | None = Field(
            default=None,
            ge=0,
            description="Write only if the last write of the key is still this one, as `kv-get` has told; 0: only if"
            " there is none. Else the error `kv.changed`.",
        )

        @model_validator(mode="after")
        def _check(self) -> Self:
            if self.delete is ("value" in self.model_fields_set):
                raise ValueError("give value, or delete: true")
            if self.delete and self.ttl is not None:
                raise ValueError("ttl goes with value")
            if self.delete and self.if_revision == 0:
                raise ValueError("there would be nothing to delete: if_revision has to be a revision")
            return self

    class Output(BaseModel):
        """What was written."""

        revision: int | None = Field(description="The number of the write; null when the key was removed.")

    async def run(self, ctx: BlockContext, config: Config) -> dict[str, int | None]:
        """Write it."""
        if config.delete:
            await ctx.keys.delete(config.bucket, config.key, revision=config.if_revision)
            return {"revision": None}
        revision = await ctx.keys.put(
            config.bucket, config.key, config.value, ttl=config.ttl, revision=config.if_revision
        )
        return {"revision": revision}
