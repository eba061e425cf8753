"""Rendering: a config with templates and what a run has yielded so far make the config that a block sees.

The scheduler never opens a payload, an item of a loop, nor a secret: a leaf that touches one stays deferred, see
`gnatwork_engine.deferred`.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol

from gnatwork_engine.deferred import (
    CONNECTION_KEY,
    ITEM_KEY,
    NAMED,
    TEMPLATE_KEY,
    VALUES_KEY,
    default_of,
    root_key,
    root_length,
)
from gnatwork_engine.json_tree import child, to_pointer
from gnatwork_engine.paths import MISSING, as_text, follow
from gnatwork_schemas.payload import ItemRef, is_reference
from gnatwork_schemas.template import PathExpression, TemplateLeaf, TemplatePart

#: The step to the config itself.
_WHOLE = None


@dataclass(frozen=True, slots=True)
class Scope:
    """What templates can see. `input` and each output may be a reference to a payload."""

    input: Any
    #: By id of the block; a skipped block has none.
    outputs: Mapping[str, Any]
    run: Mapping[str, Any]
    trigger: Mapping[str, Any]
    #: The error that a handler is there for; None is the same as no error.
    error: Any = None
    #: The scope of the loop or group that this one is inside.
    parent: "Scope | None" = None
    #: What the iteration of a loop is for; None where there is none.
    item: ItemRef | None = None
    #: Its number, from 0.
    index: int | None = None
    #: The outputs of the iteration before.
    previous: Mapping[str, Any] | None = None
    #: Of the run; only the keys of limits can see them.
    labels: Mapping[str, str] = field(default_factory=dict)

    def outwards(self, scopes: int) -> "Scope":
        """The scope that lies so many further out."""
        scope = self
        for _ in range(scopes):
            if scope.parent is None:
                break
            scope = scope.parent
        return scope


class Rendered(NamedTuple):
    """A config, and the JSON Pointers of its deferred leaves."""

    config: Any
    deferred: tuple[str, ...] = ()


class Renderer:
    """A config, prepared once to be rendered many times.

    Parts of the config without a template are shared by all results, so results are not to be changed.
    """

    __slots__ = ("_root",)

    def __init__(self, config: Any, templates: Sequence[TemplateLeaf]) -> None:
        leaves: dict[Any, Any] = {}
        for leaf in templates:
            level: dict[Any, Any] = leaves
            key: Any = _WHOLE
            for step in leaf.at:
                level, key = level.setdefault(key, {}), step
            level[key] = _leaf(leaf)
        below = leaves.get(_WHOLE, {})
        self._root: _Node = _branch(config, below) if isinstance(below, dict) else below

    def render(self, scope: Scope) -> Rendered:
        """The config with all templates replaced. Raises TemplateError for a path that leads nowhere."""
        deferred: list[str] = []
        config = self._root.render(scope, deferred)
        return Rendered(config, tuple(deferred))


class _Node(Protocol):
    def render(self, scope: Scope, deferred: list[str]) -> Any: ...


class _Fixed:
    """A part of the config without templates."""

    __slots__ = ("_value",)

    def __init__(self, value: Any) -> None:
        self._value = value

    def render(self, scope: Scope, deferred: list[str]) -> Any:  # noqa: ARG002 - what all nodes take
        return self._value


class _Branch:
    """An object or array somewhere below which there is a template."""

    __slots__ = ("_children", "_container")

    def __init__(self, container: Any, children: list[tuple[Any, _Node]]) -> None:
        self._container = container
        self._children = children

    def render(self, scope: Scope, deferred: list[str]) -> Any:
        container = self._container.copy()
        for step, node in self._children:
            container[step] = node.render(scope, deferred)
        return container


class _Value:
    """A template that is the whole text: the value keeps its type."""

    __slots__ = ("_lookup", "_parts", "_pointer")

    def __init__(self, pointer: str, expression: PathExpression) -> None:
        self._pointer = pointer
        self._lookup = _lookup(expression)
        self._parts = [self._lookup.document]

    def render(self, scope: Scope, deferred: list[str]) -> Any:
        lookup = self._lookup
        root = lookup.root(scope)
        if lookup.is_large(root):
            deferred.append(self._pointer)
            return {TEMPLATE_KEY: self._parts, VALUES_KEY: {lookup.key: root}}
        return lookup.value(root)


class _Text:
    """Templates inside a longer text. Those that can be rendered are, so that a deferred leaf carries little."""

    __slots__ = ("_parts", "_pointer")

    def __init__(self, pointer: str, parts: Sequence[TemplatePart]) -> None:
        self._pointer = pointer
        self._parts = [part if isinstance(part, str) else _lookup(part) for part in parts]

    def render(self, scope: Scope, deferred: list[str]) -> Any:
        rendered: list[Any] = []
        values: dict[str, Any] = {}
        for part in self._parts:
            if isinstance(part, str):
                rendered.append(part)
                continue
            root = part.root(scope)
            if part.is_large(root):
                values[part.key] = root
                rendered.append(part.document)
            else:
                rendered.append(as_text(part.value(root)))
        if not values:
            return "".join(rendered)
        deferred.append(self._pointer)
        return {TEMPLATE_KEY: rendered, VALUES_KEY: values}


class _Lookup:
    """A path, prepared: first what its root holds, then what lies at its end."""

    __slots__ = ("_can_be_large", "_expression", "_name", "_read", "_steps", "_up", "document", "key")

    def __init__(self, expression: PathExpression) -> None:
        path = expression.path
        root = str(path[0])
        self._expression = expression
        self._name = str(path[1]) if root in NAMED and len(path) > 1 else ""
        self._read = _READ.get(root, _nothing)
        self._can_be_large = root in _LARGE
        self._up = expression.up
        self._steps = path[root_length(path) :]
        #: Names the root among the values of a deferred leaf.
        self.key = root_key(expression)
        #: The expression as a deferred leaf carries it.
        self.document = expression.model_dump(mode="json", exclude=None if expression.up else {"up"})

    def root(self, scope: Scope) -> Any:
        """What the root holds, or MISSING."""
        return self._read(scope.outwards(self._up) if self._up else scope, self._name)

    def is_large(self, root: Any) -> bool:
        """Whether the root is one that can be a reference, and is."""
        return self._can_be_large and is_reference(root)

    def value(self, root: Any) -> Any:
        """What lies at the end of the path, else its default. Raises TemplateError."""
        found = follow(root, self._steps)
        return found if found is not MISSING else default_of(self._expression, root)


class _ItemLookup(_Lookup):
    """The item of a loop, or a connection: always a reference."""

    __slots__ = ()

    def is_large(self, root: Any) -> bool:
        return root is not MISSING


def _lookup(expression: PathExpression) -> _Lookup:
    return _ItemLookup(expression) if expression.path[0] in _ALWAYS_STORED else _Lookup(expression)


def _nothing(scope: Scope, name: str) -> Any:  # noqa: ARG001 - what all readers take
    return MISSING


def _marker(scope: Scope, name: str) -> Any:  # noqa: ARG001 - what all readers take
    return {CONNECTION_KEY: name}


def _item(scope: Scope, _: str) -> Any:
    return MISSING if scope.item is None else {ITEM_KEY: scope.item.model_dump()}


#: Roots that hold nothing but references.
_ALWAYS_STORED = frozenset({"item", "connections"})
#: Roots that may hold a reference to a payload.
_LARGE = frozenset({"blocks", "previous", "input"})
_READ: dict[str, Callable[[Scope, str], Any]] = {
    "blocks": lambda scope, name: scope.outputs.get(name, MISSING),
    "previous": lambda scope, name: (scope.previous or {}).get(name, MISSING),
    "input": lambda scope, _: scope.input,
    "run": lambda scope, _: dict(scope.run),
    "trigger": lambda scope, _: dict(scope.trigger),
    "error": lambda scope, _: MISSING if scope.error is None else scope.error,
    "item": _item,
    "connections": _marker,
    "labels": lambda scope, _: dict(scope.labels),
    "index": lambda scope, _: MISSING if scope.index is None else scope.index,
}


def _leaf(leaf: TemplateLeaf) -> _Node:
    pointer, parts = to_pointer(leaf.at), leaf.parts
    if len(parts) == 1 and isinstance(parts[0], PathExpression):
        return _Value(pointer, parts[0])
    if all(isinstance(part, str) for part in parts):
        return _Fixed("".join(map(str, parts)))
    return _Text(pointer, parts)


def _branch(config: Any, leaves: dict[str | int, Any]) -> _Node:
    """The node of a container; `leaves` has the nodes below it, by step."""
    if not leaves:
        return _Fixed(config)
    children = [
        (step, _branch(child(config, step), below) if isinstance(below, dict) else below)
        for step, below in leaves.items()
    ]
    return _Branch(config, children)
