"""Where a value lies within an item, such as `address.city`, `lines[0].price` or `["Unit price"]`."""

import re
from typing import Annotated, Any

from pydantic import AfterValidator, StringConstraints

_STEP = re.compile(r"\.?(?P<name>[^\W\d][\w$-]*)|\[(?P<index>\d{1,9})\]|\[\"(?P<quoted>[^\"]*)\"\]")
#: The item itself.
ITSELF = "."

Steps = tuple[str | int, ...]


def steps_of(path: str) -> Steps:
    """The keys and indexes of a path, none for `.`; ValueError when it is none."""
    if path == ITSELF:
        return ()
    steps: list[str | int] = []
    at = 0
    while at < len(path):
        found = _STEP.match(path, at)
        if found is None or (at == 0 and path[0] == "."):
            raise ValueError('a path is written as `name`, `a.b`, `a[0]` or `["a b"]`; `.` is the item itself')
        at = found.end()
        if found["index"] is not None:
            steps.append(int(found["index"]))
        else:
            steps.append(found["name"] if found["quoted"] is None else found["quoted"])
    return tuple(steps)


def look(item: Any, steps: Steps) -> Any:
    """What lies there; None when nothing does."""
    for step in steps:
        if isinstance(step, str):
            if not isinstance(item, dict):
                return None
            item = item.get(step)
        elif isinstance(item, list) and step < len(item):
            item = item[step]
        else:
            return None
    return item


def name_of(path: str) -> str:
    """What a value is called by its path: its last key."""
    names = [step for step in steps_of(path) if isinstance(step, str)]
    return names[-1] if names else "value"


def _checked(path: str) -> str:
    steps_of(path)
    return path


#: A path within an item.
ItemPath = Annotated[str, StringConstraints(min_length=1, max_length=500), AfterValidator(_checked)]
