"""How two definitions differ: what of the workflow, which blocks, which triggers. Pure."""

from collections.abc import Collection, Iterator, Mapping
from typing import Any, NamedTuple

from gnatwork_manager.versions.json_diff import changed_members
from gnatwork_schemas.diff import FieldChange, PartChange

#: Whose order says what comes after what.
_STEPS = "steps"
#: What holds the blocks of a workflow, a loop or a group: one of the two.
_BODY = ("blocks", _STEPS)
#: What else a workflow holds, by what comes before the ids in it.
_BESIDE = {"on_failure": ":on_failure/", "triggers": ""}

_Object = Mapping[str, Any]


class Difference(NamedTuple):
    """The changes from one definition to another."""

    fields: tuple[FieldChange, ...]
    blocks: tuple[PartChange, ...]
    triggers: tuple[PartChange, ...]


class _Listed(NamedTuple):
    """An array of parts that have an id each; no array has no key."""

    key: str | None
    parts: Mapping[str, _Object]


def difference(old: _Object, new: _Object) -> Difference:
    """What has to be done to a definition to make it the other one; both as they were sent.

    It is empty if and only if they say the same: the order of fields of a workflow, a block or a trigger says nothing.
    """
    pairs = {key: _pair(old, new, (key,)) for key in _BESIDE}
    apart = {key for key, pair in pairs.items() if pair}
    fields, blocks = _scope(old, new, "", apart)
    found = {"on_failure": blocks, "triggers": list[PartChange]()}
    for key, pair in pairs.items():
        if pair:
            fields += _order(*pair)
            found[key] += _parts(*pair, _BESIDE[key])
    return Difference(tuple(fields), tuple(blocks), tuple(found["triggers"]))


def _scope(
    old: _Object, new: _Object, prefix: str, apart: Collection[str] = ()
) -> tuple[list[FieldChange], list[PartChange]]:
    """The changes in the fields of whatever holds blocks, and those in its blocks; without the fields `apart`."""
    pair = _pair(old, new, _BODY)
    left_out = {*apart, *_BODY} if pair else {*apart}
    own, others = ({key: value for key, value in one.items() if key not in left_out} for one in (old, new))
    fields = list(changed_members(own, others))
    if pair is None:
        return fields, []
    return fields + list(_order(*pair)), list(_parts(*pair, prefix))


def _parts(old: _Listed, new: _Listed, prefix: str) -> Iterator[PartChange]:
    """The changes among parts, in the order of the old ones, then of the new."""
    for id_ in {**old.parts, **new.parts}:
        path, before, after = prefix + id_, old.parts.get(id_), new.parts.get(id_)
        if after is None:
            yield PartChange(id=path, type=_type(before), change="removed", old=before)
        elif before is None:
            yield PartChange(id=path, type=_type(after), change="added", new=after)
        else:
            fields, inner = _scope(before, after, f"{path}/")
            if fields:
                yield PartChange(id=path, type=_type(after), change="changed", fields=tuple(fields))
            yield from inner


def _order(old: _Listed, new: _Listed) -> Iterator[FieldChange]:
    """Whether the same parts come in another order, or in another kind of order."""
    before, after = list(old.parts), list(new.parts)
    if old.key != new.key:
        # Where one side has none, its parts are all added or removed, and that says it.
        if old.key and new.key:
            yield FieldChange(pointer=f"/{old.key}", change="removed", old=before)
            yield FieldChange(pointer=f"/{new.key}", change="added", new=after)
        return
    common = [id_ for id_ in before if id_ in new.parts]
    if (before != after) if new.key == _STEPS else (common != [id_ for id_ in after if id_ in old.parts]):
        yield FieldChange(pointer=f"/{new.key}", change="changed", old=before, new=after)


def _pair(old: _Object, new: _Object, keys: Collection[str]) -> tuple[_Listed, _Listed] | None:
    """What both hold under one of the keys; None where either holds something else, or neither holds anything."""
    before, after = _listed(old, keys), _listed(new, keys)
    return (before, after) if before and after and (before.key or after.key) else None


def _listed(value: _Object, keys: Collection[str]) -> _Listed | None:
    present = [key for key in keys if key in value]
    if not present:
        return _Listed(None, {})
    items = value[present[0]]
    if len(present) > 1 or not isinstance(items, list) or not items:
        return None
    if not all(isinstance(item, dict) and isinstance(item.get("id"), str) for item in items):
        return None
    parts = {item["id"]: item for item in items}
    return _Listed(present[0], parts) if len(parts) == len(items) else None


def _type(part: _Object | None) -> str:
    return str((part or {}).get("type", ""))
