"""Lists in pages: `?limit=&cursor=` in, `{items, next_cursor}` out. A cursor means nothing to callers."""

import base64
from collections.abc import Sequence
from typing import Any

import orjson

from gnatwork_manager.problems import invalid

MAX_LIMIT = 500
DEFAULT_LIMIT = 50


def encode_cursor(*place: str | float) -> str:
    """The cursor for the last place that was shown."""
    return base64.urlsafe_b64encode(orjson.dumps(place)).rstrip(b"=").decode()


def decode_cursor(cursor: str | None, *kinds: type) -> tuple[Any, ...] | None:
    """The place that a cursor stands for, or None for the beginning.

    Raises ProblemError unless its parts are of `kinds`, so that nothing made up gets any further.
    """
    if not cursor:
        return None
    try:
        place = orjson.loads(base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True))
    except ValueError:
        place = None
    if not isinstance(place, list) or [type(part) for part in place] != list(kinds) or not all(map(_can_be, place)):
        raise invalid("/cursor", "the cursor is not one that this list gave")
    return tuple(place)


def _can_be(part: Any) -> bool:
    """Whether a store can have given it: counts are not negative and have 63 bits, texts have no NUL."""
    if isinstance(part, int):
        return 0 <= part < 2**63
    return not (isinstance(part, str) and "\0" in part)


def page(items: Sequence[Any], next_cursor: str | None) -> dict[str, Any]:
    """A page of a list."""
    return {"items": items, "next_cursor": next_cursor}
