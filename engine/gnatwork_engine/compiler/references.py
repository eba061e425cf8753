"""Templates of a config: parsed, with their roots resolved, and what they mention."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from gnatwork_engine.compiler.faults import Faults, shown, suggestion
from gnatwork_engine.compiler.later import LATER_ROOTS, refuse_later
from gnatwork_engine.json_tree import Path
from gnatwork_engine.template import TemplateSyntaxError, parse_template
from gnatwork_schemas.template import PathExpression, TemplateLeaf, TemplatePart

_ROOTS = ("input", "blocks", "run", "trigger", "error")


@dataclass(slots=True)
class References:
    """What the templates of one config refer to."""

    leaves: tuple[TemplateLeaf, ...] = ()
    #: Blocks that are mentioned, in order, with the first template that does.
    blocks: dict[str, Path] = field(default_factory=dict)
    #: The first template that mentions `error`.
    error_at: Path | None = None


def read_references(config: Any, path: Path, types: Mapping[str, object], faults: Faults) -> References:
    """The templates of the config that stands at `path`; mistakes become faults.

    Args:
        config: Any JSON.
        path: Where it stands in what was sent.
        types: Has the ids of all blocks as keys.
        faults: Takes the mistakes.
    """
    references = References()
    leaves: list[TemplateLeaf] = []
    for at, text in _texts(config):
        here = (*path, *at)
        try:
            parts = parse_template(text)
        except TemplateSyntaxError as error:
            faults.add(here, error.code, error.detail)
            continue
        if parts is not None:
            resolved = [_resolve(part, here, types, references, faults) for part in parts]
            leaves.append(TemplateLeaf(at=at, parts=tuple(part for part in resolved if part is not None)))
    references.leaves = tuple(leaves)
    return references


def _texts(config: Any) -> Iterator[tuple[Path, str]]:
    """All texts of a JSON value that may hold templates, in order."""
    pending: list[tuple[Path, Any]] = [((), config)]
    while pending:
        path, value = pending.pop()
        if isinstance(value, dict):
            pending.extend(((*path, key), item) for key, item in reversed(value.items()))
        elif isinstance(value, list):
            pending.extend(((*path, index), value[index]) for index in reversed(range(len(value))))
        elif isinstance(value, str) and "{{" in value:
            yield path, value


def _resolve(
    part: TemplatePart, at: Path, types: Mapping[str, object], references: References, faults: Faults
) -> TemplatePart | None:
    """The part with its root in place; None when the root is wrong."""
    if isinstance(part, str):
        return part
    path = part.path
    if path[0] in types:
        path = ("blocks", *path)
    root, name = path[0], path[1] if len(path) > 1 else None
    if root == "blocks":
        if not isinstance(name, str):
            faults.add(at, "template.unknown_root", '`blocks` is followed by the id of a block, `blocks["id"]`')
            return None
        if name not in types:
            message = f"there is no block {shown(name)}{suggestion(name, types)}"
            faults.add(at, "template.unknown_root", message)
            return None
        references.blocks.setdefault(name, at)
    elif root == "error":
        references.error_at = references.error_at or at
    elif root in LATER_ROOTS:
        refuse_later(at, f"{shown(root)} in a template", faults)
        return None
    elif root not in _ROOTS:
        near = suggestion(str(root), (*_ROOTS, *types))
        message = f"{shown(root)} is neither a block nor a root of templates{near}"
        faults.add(at, "template.unknown_root", message)
        return None
    return PathExpression(path=path, source=part.source, has_default=part.has_default, default=part.default)
