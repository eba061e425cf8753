"""Deferred leaves: what the scheduler does not open, and how whoever may open it puts it in its place.

Where a leaf of a config touches a reference to a payload, to an item of a loop or to a connection, there stands
`{"$template": [parts], "values": {root: reference}}`, and its JSON Pointer goes with the config. Whoever needs the
value loads what `stored_of` and `connections_of` name and calls `resolve`. Nothing else is ever taken for a deferred
leaf or a reference, whatever it looks like.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from pydantic import ValidationError

from gnatwork_engine.json_tree import at_path, from_pointer
from gnatwork_engine.paths import MISSING, as_text, follow, missing
from gnatwork_schemas.errors import MessageError, PayloadError
from gnatwork_schemas.payload import ItemRef, PayloadRef, as_reference
from gnatwork_schemas.template import PathExpression

#: The keys of a deferred leaf.
TEMPLATE_KEY = "$template"
VALUES_KEY = "values"

#: The key that marks the reference to an item of a loop.
ITEM_KEY = "$item"

#: The key that marks the reference to a connection.
CONNECTION_KEY = "$connection"

#: Roots that the name of a block follows, or of a connection.
NAMED = frozenset({"blocks", "previous", "connections"})


def stored_of(config: Any, deferred: Sequence[str]) -> tuple[PayloadRef | ItemRef, ...]:
    """What `resolve` needs to have loaded, each once. Raises MessageError when a pointer is wrong."""
    references: dict[str, PayloadRef | ItemRef] = {}
    for pointer in deferred:
        _, values = _deferred_leaf(config, pointer)
        for key, value in values.items():
            reference = None if _is_connection(key) else _reference(key, value)
            if reference is not None:
                references[loaded_key(reference)] = reference
    return tuple(references.values())


def connections_of(config: Any, deferred: Sequence[str]) -> tuple[str, ...]:
    """The connections that `resolve` needs, each once. Raises MessageError when a pointer is wrong."""
    names: dict[str, None] = {}
    for pointer in deferred:
        _, values = _deferred_leaf(config, pointer)
        names.update((name, None) for key, value in values.items() if (name := _connection(key, value)) is not None)
    return tuple(names)


def loaded_key(reference: PayloadRef | ItemRef) -> str:
    """What `resolve` looks for among the loaded values."""
    return reference.key if isinstance(reference, ItemRef) else reference.id


def resolve(
    config: Any, deferred: Sequence[str], loaded: Mapping[str, Any], connections: Mapping[str, Any] | None = None
) -> Any:
    """The config with its deferred leaves replaced; `config` itself stays as it is.

    Args:
        config: As `Renderer.render` gave it, perhaps after a journey as JSON.
        deferred: The pointers that came with it.
        loaded: The values of what `stored_of` names, by `loaded_key`.
        connections: The values of what `connections_of` names, by name. Without it, as for someone who may not know
            them, what mentions a connection stays as it was written.

    Raises:
        TemplateError: A path leads nowhere.
        PayloadError: `loaded` lacks a payload.
        KeyError: `connections` lacks one.
        MessageError: A pointer is not one of a deferred leaf.
    """
    holder: dict[str, Any] = {"": config}
    copied: set[int] = set()
    for pointer in deferred:
        parts, values = _deferred_leaf(config, pointer)
        container: Any = holder
        key: str | int = ""
        for step in from_pointer(pointer):
            inner = container[key]
            if id(inner) not in copied:
                inner = inner.copy()
                copied.add(id(inner))
                container[key] = inner
            container, key = inner, int(step) if isinstance(inner, list) else step
        container[key] = _resolved(parts, values, _Loaded(loaded, connections))
    return holder[""]


def default_of(expression: PathExpression, root: Any) -> Any:
    """What stands for a value that is not there. Raises TemplateError when nothing does."""
    if expression.has_default:
        return expression.default
    raise missing(expression.source, expression.path, root_length(expression.path), root)


def root_length(path: tuple[str | int, ...]) -> int:
    """How many steps of a path make up its root."""
    return 2 if path[0] in NAMED else 1


def root_key(expression: PathExpression) -> str:
    """Names a root among the values of a deferred leaf."""
    path = expression.path
    return "^" * expression.up + ".".join(map(str, path[: root_length(path)]))


def _deferred_leaf(config: Any, pointer: str) -> tuple[list[Any], dict[str, Any]]:
    """The parts and values of a deferred leaf. Raises MessageError when there is none."""
    try:
        leaf = at_path(config, from_pointer(pointer))
        parts, values = leaf[TEMPLATE_KEY], leaf[VALUES_KEY]
    except (LookupError, TypeError, ValueError):
        parts = values = None
    if not isinstance(parts, list) or not isinstance(values, dict):
        raise MessageError(f"there is no deferred leaf at {pointer or '/'}")
    return parts, values


class _Loaded(NamedTuple):
    stored: Mapping[str, Any]
    connections: Mapping[str, Any] | None


def _resolved(parts: list[Any], values: dict[str, Any], loaded: _Loaded) -> Any:
    """What a deferred leaf stands for."""
    resolved = [part if isinstance(part, str) else _resolved_part(part, values, loaded) for part in parts]
    if len(parts) == 1 and not isinstance(parts[0], str):
        return resolved[0]
    return "".join(map(as_text, resolved))


def _resolved_part(part: Any, values: dict[str, Any], loaded: _Loaded) -> Any:
    try:
        expression = PathExpression.model_validate(part)
        key = root_key(expression)
    except (ValidationError, LookupError):
        raise MessageError("a deferred leaf is not of the form it ought to have") from None
    root = values.get(key, MISSING)
    if (name := _connection(key, root)) is not None:
        if loaded.connections is None:
            return f"{{{{ {expression.source} }}}}"
        # A copy: all of it may be mentioned, and whoever gets it must not change what others get.
        root = dict(loaded.connections[name])
    elif (reference := _reference(key, root)) is not None:
        if loaded_key(reference) not in loaded.stored:
            raise PayloadError(loaded_key(reference))
        root = loaded.stored[loaded_key(reference)]
    found = follow(root, expression.path[root_length(expression.path) :])
    return found if found is not MISSING else default_of(expression, root)


def _is_connection(key: str) -> bool:
    return key.startswith("connections.")


def _connection(key: str, value: Any) -> str | None:
    """The name of the connection that a value of a deferred leaf stands for; None for those of other roots."""
    if not _is_connection(key):
        return None
    name = key.partition(".")[2]
    if value != {CONNECTION_KEY: name}:
        raise MessageError(f"a reference to {key} is not one")
    return name


def _reference(key: str, value: Any) -> PayloadRef | ItemRef | None:
    """The reference that a value of a deferred leaf is; what lies below other roots is never one to an item."""
    try:
        if key.lstrip("^") == "item":
            return ItemRef.model_validate(value[ITEM_KEY])
        return as_reference(value)
    except (ValidationError, LookupError, TypeError):
        raise MessageError(f"a reference to {key} is not one") from None
