"""JSON Feed 1.0 and 1.1 (jsonfeed.org)."""

from datetime import UTC, datetime
from typing import Any

import orjson

from gnatwork_blocks.errors import BlockError


def read_json_feed(text: str) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """What the feed says of itself, and its entries; BlockError `rss.invalid` when it is none."""
    try:
        document = orjson.loads(text)
    except orjson.JSONDecodeError:
        document = None
    if not isinstance(document, dict) or "jsonfeed.org/version/" not in str(document.get("version")):
        raise BlockError("rss.invalid", "This is no feed in RSS, Atom or JSON Feed.")
    about = {
        "title": _text(document, "title"),
        "link": _text(document, "home_page_url"),
        "description": _text(document, "description"),
        "language": _text(document, "language"),
        "updated": None,
    }
    return about, [_entry(item) for item in _objects(document.get("items"))]


def _entry(item: dict[str, Any]) -> dict[str, Any]:
    id_ = item.get("id")
    authors = _objects(item.get("authors")) or _objects([item.get("author")])
    tags = item.get("tags")
    return {
        "id": str(id_) if isinstance(id_, str | int) else _text(item, "url"),
        "title": _text(item, "title"),
        "link": _text(item, "url") or _text(item, "external_url"),
        "published": _time(item, "date_published"),
        "updated": _time(item, "date_modified"),
        "summary": _text(item, "summary"),
        "content": _text(item, "content_html") or _text(item, "content_text"),
        "author": next((name for author in authors if (name := _text(author, "name"))), None),
        "categories": [tag for tag in tags if isinstance(tag, str)] if isinstance(tags, list) else [],
        "enclosures": [_enclosure(file) for file in _objects(item.get("attachments")) if _text(file, "url")],
    }


def _enclosure(file: dict[str, Any]) -> dict[str, Any]:
    size = file.get("size_in_bytes")
    return {"url": file["url"], "type": _text(file, "mime_type"), "length": size if isinstance(size, int) else None}


def _objects(value: Any) -> list[dict[str, Any]]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def _text(of: dict[str, Any], name: str) -> str | None:
    value = of.get(name)
    return value if isinstance(value, str) and value else None


def _time(of: dict[str, Any], name: str) -> str | None:
    """ISO 8601 in UTC."""
    try:
        found = datetime.fromisoformat(_text(of, name) or "")
    except ValueError:
        return None
    return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC).isoformat()
