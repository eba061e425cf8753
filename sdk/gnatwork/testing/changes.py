"""Whether workflows that use a block go on working with a newer version of it; where not, it is to be a new type."""

from collections.abc import Iterator, Mapping
from typing import Any

from gnatwork_blocks.block import Block
from gnatwork_blocks.registry import describe
from gnatwork_schemas.catalogue import BlockType

_ANYTHING: Mapping[str, Any] = {}
_TYPES = frozenset({"null", "boolean", "integer", "number", "string", "array", "object"})


def breaking_changes(before: Mapping[str, Any], after: type[Block]) -> list[str]:
    """What of a block no longer fits, a sentence each; none where all that was valid still is.

    Looks at ports, fields, types, enumerations and what is required; not at patterns, lengths and other bounds, nor at
    what the block does.

    Args:
        before: the catalogue entry of the earlier version, as `gnatwork blocks show TYPE -o json` prints it.
        after: the block as it is now.
    """
    old, new = BlockType.model_validate(dict(before)), describe(after)
    found = [f"the port {port} is gone" for port in old.ports if port not in new.ports]
    # A config must be taken as before; of an output, what others read must be there as before.
    found += (f"config{what}" for what in _narrowed(_Schema(old.config_schema), _Schema(new.config_schema), ""))
    found += (f"output{what}" for what in _lost(_Schema(old.output_schema), _Schema(new.output_schema), ""))
    return found


class _Schema:
    """A JSON Schema, or a part of one, with its references resolved."""

    def __init__(self, schema: Any, root: Mapping[str, Any] | None = None) -> None:
        found: Mapping[str, Any] = schema if isinstance(schema, Mapping) else _ANYTHING
        self._root = found if root is None else root
        if reference := found.get("$ref"):
            found = {**self._root.get("$defs", {}).get(str(reference).rpartition("/")[2], {}), **found}
        self.properties = {name: _Schema(value, self._root) for name, value in _of(found, "properties").items()}
        self.required = frozenset(found.get("required", ()))
        self.closed = found.get("additionalProperties") is False
        values = [found["const"]] if "const" in found else found.get("enum")
        self.values = None if values is None else [repr(value) for value in values]
        self.types = self._types(found)

    def _types(self, schema: Mapping[str, Any]) -> frozenset[str]:
        if alternatives := schema.get("anyOf") or schema.get("oneOf"):
            return frozenset().union(*(_Schema(one, self._root).types for one in alternatives))
        told = schema.get("type")
        types = _TYPES if told is None else frozenset([told] if isinstance(told, str) else told)
        return types | {"integer"} if "number" in types else types


def _narrowed(old: _Schema, new: _Schema, place: str) -> Iterator[str]:
    """What the new schema no longer takes."""
    if gone := sorted(old.types - new.types):
        yield f"{place}: takes no {' and no '.join(gone)} any more"
    if new.values is not None and (lost := [value for value in old.values or ("others",) if value not in new.values]):
        yield f"{place}: takes no {', '.join(lost)} any more"
    yield from (f"{place}/{name}: is required now" for name in sorted(new.required - old.required))
    for name, schema in old.properties.items():
        if name in new.properties:
            yield from _narrowed(schema, new.properties[name], f"{place}/{name}")
        elif new.closed:
            yield f"{place}/{name}: is gone"


def _lost(old: _Schema, new: _Schema, place: str) -> Iterator[str]:
    """What the new schema may yield that the old one did not, or no longer yields."""
    if other := sorted(new.types - old.types):
        yield f"{place}: may be {' or '.join(other)} now"
    for name, schema in old.properties.items():
        if name in new.properties:
            yield from _lost(schema, new.properties[name], f"{place}/{name}")
        elif new.properties:
            yield f"{place}/{name}: is gone"


def _of(schema: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    found = schema.get(key)
    return found if isinstance(found, Mapping) else _ANYTHING
