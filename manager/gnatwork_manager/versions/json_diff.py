"""How two JSON values differ, place by place. Pure."""

from collections.abc import Iterator, Mapping
from typing import Any

from gnatwork_engine.json_tree import Path, to_pointer
from gnatwork_schemas.diff import FieldChange


def changed_values(old: Any, new: Any, at: Path = ()) -> Iterator[FieldChange]:
    """The innermost places at which the values differ.

    The order of an object's keys counts: in the cases of a `switch` it has a meaning. Arrays of another length are
    compared as a whole.
    """
    match old, new:
        case dict(), dict():
            found = list(changed_members(old, new, at))
            if not found and [*old] != [*new]:
                found.append(FieldChange(pointer=to_pointer(at), change="changed", old=old, new=new))
            yield from found
        case list(), list() if len(old) == len(new):
            for index, (before, after) in enumerate(zip(old, new, strict=True)):
                yield from changed_values(before, after, (*at, index))
        # JSON tells `true` from 1, and 1 from 1.0.
        case _ if type(old) is not type(new) or old != new:
            yield FieldChange(pointer=to_pointer(at), change="changed", old=old, new=new)


def changed_members(old: Mapping[str, Any], new: Mapping[str, Any], at: Path = ()) -> Iterator[FieldChange]:
    """The same for the members of an object, in whatever order they are."""
    for key in [*old, *(key for key in new if key not in old)]:
        place = (*at, key)
        if key not in new:
            yield FieldChange(pointer=to_pointer(place), change="removed", old=old[key])
        elif key not in old:
            yield FieldChange(pointer=to_pointer(place), change="added", new=new[key])
        else:
            yield from changed_values(old[key], new[key], place)
