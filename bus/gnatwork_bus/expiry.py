"""Messages that the server removes by itself after a while."""

import math

from gnatwork_schemas.header_names import TTL

#: A hundred years; the server can't count much further.
_LONGEST = 100 * 365 * 86_400


def expiring(ttl: float | None) -> dict[str, str]:
    """The header of a message that is to be gone after `ttl` seconds, at least one; none of it for None."""
    return {} if ttl is None else {TTL: f"{min(max(1, math.ceil(ttl)), _LONGEST)}s"}
