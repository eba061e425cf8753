"""Getting a feed from where it is, if it has changed."""

from typing import Any, NamedTuple

from gnatwork_blocks.builtin.rss import Rss
from gnatwork_blocks.context import BlockContext
from gnatwork_blocks.exchange import Call, exchange
from gnatwork_blocks.headers import has

_NOT_MODIFIED = 304
_ACCEPT = "application/atom+xml, application/rss+xml, application/feed+json, application/xml;q=0.9, */*;q=0.5"


class Source(NamedTuple):
    """What the server answered."""

    #: What `reading.read` takes; None where nothing has changed.
    content: dict[str, Any] | None
    #: `{etag, last_modified}`.
    validators: dict[str, str | None]


async def request(ctx: BlockContext, config: Rss.Config) -> Source:
    """The feed as it is; BlockError for any `http.…`."""
    answer = await exchange(ctx, _call(config, config.url or ""))
    validators = {
        "etag": answer.headers.get("etag", config.etag),
        "last_modified": answer.headers.get("last-modified", config.last_modified),
    }
    if answer.status == _NOT_MODIFIED:
        return Source(None, validators)
    type_ = answer.headers.get("content-type", "")
    return Source({"content": answer.content, "content_type": type_, "url": answer.url}, validators)


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
