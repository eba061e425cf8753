"""`rss`: reads a feed."""

from pkgutil import resolve_name
from typing import Annotated, Any, ClassVar, Self

from pydantic import AwareDatetime, BaseModel, Field, StringConstraints, model_validator

from gnatwork_blocks.exchange import Answer, Call, exchange
from gnatwork_blocks.headers import Headers, has
from gnatwork_blocks.sdk import Block, BlockContext
from gnatwork_schemas.duration import PositiveDuration
from gnatwork_schemas.model import StrictModel

_NOT_MODIFIED = 304
_ACCEPT = "application/atom+xml, application/rss+xml, application/feed+json, application/xml;q=0.9, */*;q=0.5"


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
            "since": "{{ last.at }}",
            "etag": "{{ last.etag }}",
            "last_modified": "{{ last.modified }}",
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
        options = {"limit": config.limit, "since": config.since, "max_bytes": config.max_bytes}
        if config.url is None:
            found: dict[str, Any] = await ctx.compute(_read, {"content": (config.body or "").encode(), **options})
            return {"modified": True, **found}
        answer = await exchange(ctx, _call(config, config.url))
        validators = {
            "etag": answer.headers.get("etag", config.etag),
            "last_modified": answer.headers.get("last-modified", config.last_modified),
        }
        if answer.status == _NOT_MODIFIED:
            return {"modified": False, "feed": None, "entries": [], **validators}
        found = await ctx.compute(_read, {**_source(answer), **options})
        return {"modified": True, **found, **validators}


def _call(config: Rss.Config, url: str) -> Call:
    headers = dict(config.headers)
    wanted = {"accept": _ACCEPT, "if-none-match": config.etag, "if-modified-since": config.last_modified}
    headers |= {name: value for name, value in wanted.items() if value and not has(headers, name)}
    return Call(
        method="GET",
        url=url,
        headers=headers,
        timeout=config.timeout,
        follow_redirects=True,
        max_bytes=config.max_bytes,
        fails=lambda status: not 200 <= status < 300 and status != _NOT_MODIFIED,
    )


def _source(answer: Answer) -> dict[str, Any]:
    return {"content": answer.content, "content_type": answer.headers.get("content-type", ""), "url": answer.url}


def _read(source: dict[str, Any]) -> dict[str, Any]:
    """In the worker process, which alone loads what reads feeds."""
    read = resolve_name("gnatwork_blocks.feeds.reading:read")
    found: dict[str, Any] = read(**source)
    return found
