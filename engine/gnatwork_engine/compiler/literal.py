"""Texts that have to stand in the definition as they are, such as statements of SQL.

A block type marks them in its schema with `"x-gnatwork-literal": true`. A template in one, or in the place of what has
one, would let values become part of what is carried out.
"""

from collections.abc import Iterable, Iterator
from typing import Any

from gnatwork_engine.compiler.faults import Faults
from gnatwork_engine.json_tree import Path
from gnatwork_schemas.catalogue import BlockType
from gnatwork_schemas.template import TemplateLeaf

_MARK = "x-gnatwork-literal"
_CHOICES = ("anyOf", "oneOf", "allOf")


def check_literal(entry: BlockType, leaves: Iterable[TemplateLeaf], at: Path, faults: Faults) -> None:
    """A fault for each template where the schema of the block wants a text that is written out."""
    schema = entry.config_schema
    if not isinstance(schema, dict):
        return
    reader = _Reader(schema)
    for leaf in leaves:
        if any(reader.holds_literal(place) for place in reader.places(leaf.at)):
            message = "has to be written out: it is carried out as it stands, so no template can be a part of it"
            faults.add((*at, *leaf.at), "block.config_invalid", message)


class _Reader:
    """Finds its way through a JSON Schema."""

    def __init__(self, root: dict[str, Any]) -> None:
        self._root = root

    def places(self, path: Path) -> list[dict[str, Any]]:
        """The schemas that what stands at a path may have to meet."""
        found = list(self._meant(self._root))
        for step in path:
            found = [inner for schema in found for below in _below(schema, step) for inner in self._meant(below)]
        return found

    def holds_literal(self, schema: dict[str, Any]) -> bool:
        """Whether it, or anything within what meets it, is marked."""
        seen: set[int] = set()
        pending: list[Any] = [schema]
        while pending:
            found = pending.pop()
            if not isinstance(found, dict) or id(found) in seen:
                continue
            seen.add(id(found))
            if found.get(_MARK) is True:
                return True
            pending += (*self._meant(found), *_parts(found))
        return False

    def _meant(self, schema: Any) -> Iterator[dict[str, Any]]:
        """A schema with those that it refers to or lets choose from, each once."""
        seen: set[int] = set()
        pending: list[Any] = [schema]
        while pending:
            found = pending.pop()
            if not isinstance(found, dict) or id(found) in seen:
                continue
            seen.add(id(found))
            yield found
            pending += (self._target(found.get("$ref")), *(one for choice in _CHOICES for one in found.get(choice, ())))

    def _target(self, reference: Any) -> Any:
        definitions = self._root.get("$defs")
        if isinstance(reference, str) and reference.startswith("#/$defs/") and isinstance(definitions, dict):
            return definitions.get(reference.removeprefix("#/$defs/"))
        return None


def _below(schema: dict[str, Any], step: str | int) -> Iterator[Any]:
    if isinstance(step, int):
        yield schema.get("items")
        return
    properties = schema.get("properties")
    if isinstance(properties, dict) and step in properties:
        yield properties[step]
    else:
        yield schema.get("additionalProperties")


def _parts(schema: dict[str, Any]) -> Iterator[Any]:
    properties = schema.get("properties")
    yield from properties.values() if isinstance(properties, dict) else ()
    yield schema.get("items")
    yield schema.get("additionalProperties")
