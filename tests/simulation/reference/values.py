"""Values: what lies behind references, and what deferred leaves stand for."""

from collections.abc import Callable
from typing import Any

import orjson

from gnatwork_schemas.payload import PayloadRef, as_reference


class Values:
    """Values of one run; `load` reads a stored one."""

    def __init__(self, load: Callable[[PayloadRef], bytes]) -> None:
        self._load = load

    def plain(self, value: Any) -> Any:
        """A value with all references in it followed."""
        match value:
            case dict() if (reference := as_reference(value)) is not None:
                return self.plain(orjson.loads(self._load(reference)))
            case {"$template": _, "values": dict() as values}:
                # Only whole values are left to the reader here.
                return self.plain(next(iter(values.values())))
            case {"code": _, "message": _, "task": _}:
                # Which of several tasks it was is told in some places only.
                return {key: self.plain(inner) for key, inner in value.items() if key != "task"}
            case dict():
                return {key: self.plain(inner) for key, inner in value.items()}
            case list():
                return [self.plain(inner) for inner in value]
        return value
