"""From the bytes of a feed to its entries."""

import io
import re
from calendar import timegm
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import feedparser

from gnatwork_blocks.content import charset_of, read_text
from gnatwork_blocks.errors import BlockError
from gnatwork_blocks.feeds.json_feed import read_json_feed

#: Each costs memory, also of what is no feed at all.
MAX_TAGS = 500_000

# Entities of one's own stand for texts, and such for others: what is small then grows without bound. No feed needs
# them, and the parser reads nothing from elsewhere.
_ENTITY = re.compile(r"<!ENTITY", re.IGNORECASE)
#: It names the encoding of the bytes, and what is parsed is a text.
_DECLARATION = re.compile(r"\A\s*<\?xml[^>]*\?>")


def read(
    *,
    content: bytes,
    limit: int,
    since: datetime | None,
    max_bytes: int,
    content_type: str = "",
    url: str | None = None,
) -> dict[str, Any]:
    """`{feed, entries}` as `Rss.Output` has them.

    Args:
        content: The feed.
        limit: Most entries.
        since: Entries from before are left out.
        max_bytes: Largest feed.
        content_type: As the server says.
        url: Where it came from; links are made absolute with it.

    Raises:
        BlockError: `rss.invalid`, `rss.too_large`.
    """
    if len(content) > max_bytes:
        raise BlockError("rss.too_large", f"The feed is larger than {max_bytes} bytes.")
    text = read_text(content, charset_of(content_type))
    feed, entries = read_json_feed(text) if text.lstrip().startswith("{") else _read_xml(text, url)
    fresh = [entry for entry in entries if since is None or _is_since(entry, since)]
    return {"feed": feed, "entries": fresh[:limit]}


def _read_xml(text: str, url: str | None) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    if text.count("<") > MAX_TAGS:
        raise BlockError("rss.too_large", f"The feed has more than {MAX_TAGS} tags.")
    if _ENTITY.search(text):
        raise BlockError("rss.invalid", "The feed declares entities, which no feed needs and which may be a trap.")
    headers = {"content-type": "application/xml; charset=utf-8"} | ({"content-location": url} if url else {})
    # A stream, since the parser takes texts for addresses and names of files.
    parsed = feedparser.parse(io.BytesIO(_DECLARATION.sub("", text).encode()), response_headers=headers)
    if not parsed.get("version") and not parsed.entries:
        raise BlockError("rss.invalid", "This is no feed in RSS, Atom or JSON Feed.")
    feed = parsed.feed
    about = {
        "title": feed.get("title") or None,
        "link": feed.get("link") or None,
        "description": feed.get("subtitle") or None,
        "language": feed.get("language") or None,
        "updated": _time(feed, "updated") or _time(feed, "published"),
    }
    return about, [_entry(entry) for entry in parsed.entries]


def _entry(entry: Mapping[str, Any]) -> dict[str, Any]:
    contents = [part.get("value") for part in entry.get("content") or ()]
    return {
        "id": entry.get("id") or entry.get("link") or entry.get("title") or None,
        "title": entry.get("title") or None,
        "link": entry.get("link") or None,
        "published": _time(entry, "published"),
        # The parser would take the one for the other.
        "updated": _time(entry, "updated") if "updated" in entry.keys() else None,  # noqa: SIM118 - as above
        "summary": entry.get("summary") or None,
        "content": next(filter(None, contents), None),
        "author": entry.get("author") or None,
        "categories": [tag.get("term") for tag in entry.get("tags") or () if tag.get("term")],
        "enclosures": [_enclosure(one) for one in entry.get("enclosures") or () if one.get("href")],
    }


def _enclosure(one: Mapping[str, Any]) -> dict[str, Any]:
    length = str(one.get("length") or "")
    return {
        "url": one.get("href"),
        "type": one.get("type") or None,
        "length": int(length) if re.fullmatch(r"[0-9]{1,15}", length) else None,
    }


def _time(of: Mapping[str, Any], name: str) -> str | None:
    """ISO 8601 in UTC."""
    parsed = of.get(f"{name}_parsed")
    try:
        return datetime.fromtimestamp(timegm(parsed), UTC).isoformat() if parsed else None
    except (ValueError, OverflowError, OSError):
        return None


def _is_since(entry: Mapping[str, Any], since: datetime) -> bool:
    times = [datetime.fromisoformat(entry[name]) for name in ("published", "updated") if entry[name]]
    return not times or max(times) >= since
