"""Names that dialects allow and the native language does not."""

import re
import unicodedata
from collections.abc import Collection

from gnatwork_schemas.names import NAME_PATTERN

_NAME = re.compile(NAME_PATTERN)
_OTHER = re.compile(r"[^a-z0-9_-]+")
_MAX_NAME, _MAX_ID = 63, 64


def workflow_name(given: str) -> str:
    """The native name of what is called so: `Order import` is `order-import`; empty if nothing is left of it."""
    if _NAME.fullmatch(given):
        return given
    plain = unicodedata.normalize("NFKD", given.casefold()).encode("ascii", "ignore").decode()
    return _OTHER.sub("-", plain).strip("-_")[:_MAX_NAME].rstrip("-_")


def free_id(wanted: str, taken: Collection[str]) -> str:
    """An id for a block that the compiler adds, such as `notify-data`, that nothing else has."""
    number, id_ = 1, wanted[:_MAX_ID]
    while id_ in taken:
        number += 1
        end = f"-{number}"
        id_ = wanted[: _MAX_ID - len(end)] + end
    return id_
