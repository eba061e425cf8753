"""`rss`: reads a feed."""

from pkgutil import resolve_name
from typing import Annotated, Any, ClassVar, Self

from pydantic import AwareDatetime, BaseModel, Field, StringConstraints, model_validator

from gnatwork_blocks.headers import Headers
from gnatwork_blocks.sdk import Block, BlockContext
from gnatwork_schemas.duration import PositiveDuration
from gnatwork_schemas.model import StrictModel


class Rss(Block):
    """Reads a feed in RSS, Atom or JSON Feed, and yields its entries.

    HTML in entries is made harmless. To read what is new alone, give `etag` and `last_modified` of the last time, and
    as `since` when that was.
    """

    type = "rss"
    title = "Feed"
    summary = "Reads a feed in RSS, Atom or JSON Feed and yields its entries."
    icon = "rss"
    category = "data"
    capabilities = ("network", "cpu")
    examples: ClassVar[tuple[dict[str, Any], ...]] = (
        {"url": "https://blog.example.com/feed.xml", "limit": 10},
        {
            "url": "https://blog.example.com/feed.xml",
            "since": "{{ input.since }}",
            "etag": "{{ input.etag }}",
            "last_modified": "{{ input.last_modified }}",
        },
        {"body": "{{ page.body }}"},
    )

    class Config(StrictModel, json_schema_extra={"oneOf": [{"required": ["url"]}, {"required": ["body"]}]}):
        """Where the feed is, or the feed itself."""

        url: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)] | None = Field(
            default=None, description="Absolute http or https URL of the feed."
        )
        body: str | None = Field(default=None, description="The feed, as a text.")
        headers: Headers = Field(default_factory=dict, description="Request headers.")
        limit: int = Field(default=100, ge=1, le=10_000, description="Most entries, the first ones of the feed.")
        since: AwareDatetime | None = Field(
            default=None, description="Leave out entries from before; those without a date stay."
        )
        etag: str | None = Field(default=None, description="Of the last time: the feed comes only if it has changed.")
        last_modified: str | None = Field(default=None, description="Of the last time, likewise.")
        timeout: PositiveDuration | None = Field(
            default=None, description="For the request; by default the block's own timeout holds."
        )
        max_bytes: int = Field(default=5_000_000, ge=1, le=20_000_000, description="Largest feed, in bytes.")

        @model_validator(mode="after")
        def _check(self) -> Self:
            if (self.url is None) == (self.body is None):
                raise ValueError("give `url` or `body`")
            return self

    class Output(BaseModel):
        """The feed."""

        modified: bool = Field(description="Whether it has changed since the `etag` and `last_modified` given.")
        feed: dict[str, Any] | None = Field(description="`{title, link, description, language, updated}`.")
        entries: list[dict[str, Any]] = Field(
            description="`{id, title, link, published, updated, summary, content, author, categories, enclosures}`; "
            "times are ISO 8601 in UTC, what is missing is null."
        )
        etag: str | None = Field(default=None, description="Give it next time.")
        last_modified: str | None = Field(default=None, description="Give it next time.")

    async def run(self, ctx: BlockContext, config: Config) -> dict[str, Any]:
        """Request the feed, and read it in a worker process: that takes its time, and feeds come from anywhere."""
        if config.url is None:
            return {"modified": True, **await self._read(ctx, config, {"content": (config.body or "").encode()})}
        # What speaks HTTP is loaded with the first request, not with the executor.
        source = await resolve_name("gnatwork_blocks.feeds.requesting:request")(ctx, config)
        if source.content is None:
            return {"modified": False, "feed": None, "entries": [], **source.validators}
        found = await self._read(ctx, config, source.content)
        return {"modified": True, **found, **source.validators}

    @staticmethod
    async def _read(ctx: BlockContext, config: Config, content: dict[str, Any]) -> dict[str, Any]:
        options = {"limit": config.limit, "since": config.since, "max_bytes": config.max_bytes}
        found: dict[str, Any] = await ctx.compute(read, {**content, **options})
        return found


def read(source: dict[str, Any]) -> dict[str, Any]:
    """In the worker process, which alone loads what reads feeds."""
    found: dict[str, Any] = resolve_name("gnatwork_blocks.feeds.reading:read")(**source)
    return found
