"""Templates of a config: parsed, with their roots resolved, and what they mention."""

import re
from collections.abc import Collection, Iterator
from typing import Any

from gnatwork_engine.compiler.faults import Faults, shown, suggestion
from gnatwork_engine.compiler.frames import (
    NO_CONNECTIONS,
    Found,
    Frame,
    Unseen,
    find,
    find_block,
    find_previous,
    visible,
)
from gnatwork_engine.json_tree import Path
from gnatwork_engine.template import TemplateSyntaxError, parse_template
from gnatwork_schemas.names import NAME_PATTERN
from gnatwork_schemas.template import PathExpression, TemplateLeaf, TemplatePart

_UNKNOWN = "template.unknown_root"
_NAME = re.compile(NAME_PATTERN)


def read_references(
    config: Any,
    path: Path,
    frame: Frame,
    faults: Faults,
    plain: Collection[Path] = (),
    *,
    connections: Unseen | None = NO_CONNECTIONS,
    but_at: Path | None = None,
) -> tuple[TemplateLeaf, ...]:
    """The templates of the config that stands at `path`; mistakes become faults.

    Args:
        config: Any JSON.
        path: Where it stands in what was sent.
        frame: What can be seen from there; blocks that are mentioned are noted in it.
        faults: Takes the mistakes.
        plain: Places in the config, with all that is inside of them, where texts are just that.
        connections: Why they can't be mentioned; None where they can.
        but_at: The place in the config where they can be mentioned all the same.
    """
    leaves: list[TemplateLeaf] = []
    for at, text in _texts(config, plain):
        here = (*path, *at)
        try:
            parts = parse_template(text)
        except TemplateSyntaxError as error:
            faults.add(here, error.code, error.detail)
            continue
        if parts is not None:
            # In a longer text it would be JSON with all its values, which nothing can use.
            whole = len(parts) == 1
            refused = None if at == but_at else connections
            resolved = [_resolve(part, here, frame, faults, refused, whole=whole) for part in parts]
            leaves.append(TemplateLeaf(at=at, parts=tuple(part for part in resolved if part is not None)))
    return tuple(leaves)


def _texts(config: Any, plain: Collection[Path]) -> Iterator[tuple[Path, str]]:
    """All texts of a JSON value that may hold templates, in order."""
    pending: list[tuple[Path, Any]] = [((), config)]
    while pending:
        path, value = pending.pop()
        if path in plain:
            continue
        if isinstance(value, dict):
            pending.extend(((*path, key), item) for key, item in reversed(value.items()))
        elif isinstance(value, list):
            pending.extend(((*path, index), value[index]) for index in reversed(range(len(value))))
        elif isinstance(value, str) and "{{" in value:
            yield path, value


def _resolve(
    part: TemplatePart, at: Path, frame: Frame, faults: Faults, connections: Unseen | None, *, whole: bool
) -> TemplatePart | None:
    """The part with its root in place; None when the root is wrong."""
    if isinstance(part, str):
        return part
    if part.path[0] == "connections":
        found, rest = connections or _connection(part.path, whole=whole), part.path[2:]
    else:
        found, rest = _root(part.path, frame, at)
    if isinstance(found, Unseen):
        faults.add(at, found.code, found.message)
        return None
    return PathExpression(
        path=(*found.root, *rest),
        up=found.up,
        source=part.source,
        has_default=part.has_default,
        default=part.default,
    )


def _connection(path: Path, *, whole: bool) -> Found | Unseen:
    """The connection of a path, which names one of its values, or all of them where the template is the whole text."""
    match path:
        case (_, str(name), str()) if _NAME.fullmatch(name):
            return Found(("connections", name))
        case (_, str(name)) if whole and _NAME.fullmatch(name):
            return Found(("connections", name))
        case (_, str(name)) if _NAME.fullmatch(name):
            message = f"inside a longer text, a value of a connection is mentioned, such as `connections.{name}.token`"
        case _:
            message = "a connection is mentioned by its name, and that of one of its values, `connections.github.token`"
    return Unseen(_UNKNOWN, message)


def _root(path: Path, frame: Frame, at: Path) -> tuple[Found | Unseen, Path]:
    """What a path begins with, and the rest of it."""
    root, name = str(path[0]), path[1] if len(path) > 1 else None
    if root not in {"blocks", "previous"}:
        found = find(root, frame, at)
        if found == (_UNKNOWN, ""):
            near = suggestion(root, visible(frame))
            found = Unseen(_UNKNOWN, f"{shown(root)} is neither a block nor a root of templates{near}")
        return found, path[1:]
    if not isinstance(name, str):
        return Unseen(_UNKNOWN, f'`{root}` is followed by the id of a block, `{root}["id"]`'), ()
    if root == "blocks":
        return find_block(name, frame, at), path[2:]
    previous, unseen = find_previous(name, frame)
    return unseen or previous[name], path[2:]
