"""The names that an expression takes from outside of itself, by the scoping rules of JavaScript. Nothing recurses."""

from collections.abc import Collection, Iterator
from typing import NamedTuple

from tree_sitter import Node

from gnatwork_engine.expressions.syntax import EXPRESSION, Around, parse, refuse_foreign

#: Names whose members are told as well.
_HOLDERS = frozenset({"blocks", "previous"})
_FUNCTIONS = frozenset(
    {
        *("arrow_function", "function_expression", "function_declaration", "generator_function"),
        *("generator_function_declaration", "method_definition"),
    }
)
_DECLARED_FUNCTIONS = frozenset({"function_declaration", "generator_function_declaration"})
_NAMES = frozenset({"identifier", "shorthand_property_identifier", "shorthand_property_identifier_pattern"})
#: Patterns, whose parts bind names wherever they themselves do.
_PATTERNS = frozenset({"formal_parameters", "object_pattern", "array_pattern", "rest_pattern"})
_BLOCKS = frozenset({"statement_block", "switch_body", "for_statement"})


class Mention(NamedTuple):
    """A name that an expression does not bind itself."""

    name: str
    #: What is taken of a holder; None for the whole of it, and for a member that is computed.
    member: str | None = None


class _Scope:
    """What is bound somewhere, and where `var` binds from there."""

    __slots__ = ("names", "outer", "variables")

    def __init__(self, outer: "_Scope | None" = None, *, function: bool = False) -> None:
        self.outer = outer
        self.names: set[str] = set()
        self.variables: _Scope = self if function or outer is None else outer.variables

    def binds(self, name: str) -> bool:
        scope: _Scope | None = self
        while scope:
            if name in scope.names:
                return True
            scope = scope.outer
        return False


#: A node to be visited, the scope around it, and the scope in which its names are bound, if it binds any.
_Visit = tuple[Node | None, _Scope, _Scope | None]


class _Reference(NamedTuple):
    at: int
    mention: Mention
    scope: _Scope


def mentions_of(text: str, *, around: Around = EXPRESSION, holders: Collection[str] = _HOLDERS) -> tuple[Mention, ...]:
    """What a text mentions, in order, each once.

    Args:
        text: An expression, or the statements of a function.
        around: Which of the two.
        holders: Names whose members are told apart.

    Raises:
        ExpressionError: It is no such text.
    """
    references: list[_Reference] = []
    pending: list[_Visit] = [(parse(text, around), _Scope(), None)]
    while pending:
        node, scope, binder = pending.pop()
        if node is None:
            continue
        refuse_foreign(node, text, around)
        if node.type in _NAMES:
            if binder:
                binder.names.add(_text(node))
            else:
                references.append(_Reference(node.start_byte, Mention(_text(node)), scope))
        elif held := _member(node, holders):
            references.append(_Reference(node.start_byte, held, scope))
        else:
            pending.extend(_inside(node, scope, binder))
    # Declarations may come after what uses them, so scopes are asked only now.
    references.sort(key=lambda reference: reference.at)
    free = (found.mention for found in references if not found.scope.binds(found.mention.name))
    return tuple(dict.fromkeys(free))


def _inside(node: Node, scope: _Scope, binder: _Scope | None) -> Iterator[_Visit]:
    """What to visit inside of a node."""
    kind = node.type
    if kind in _FUNCTIONS:
        yield from _function(node, scope)
    elif kind in _PATTERNS:
        yield from ((child, scope, binder) for child in node.named_children)
    elif kind in {"assignment_pattern", "object_assignment_pattern"}:
        yield node.child_by_field_name("left"), scope, binder
        yield node.child_by_field_name("right"), scope, None
    elif kind == "pair_pattern":
        yield node.child_by_field_name("key"), scope, None
        yield node.child_by_field_name("value"), scope, binder
    elif kind in {"lexical_declaration", "variable_declaration"}:
        yield from _declaration(node, scope, scope if kind == "lexical_declaration" else scope.variables)
    elif kind in {"class", "class_declaration"}:
        yield from _class(node, scope)
    elif kind == "catch_clause":
        inner = _Scope(scope)
        yield node.child_by_field_name("parameter"), inner, inner
        yield node.child_by_field_name("body"), inner, None
    elif kind == "for_in_statement":
        yield from _for_in(node, scope)
    else:
        inner = _Scope(scope) if kind in _BLOCKS else scope
        yield from ((child, inner, None) for child in node.named_children)


def _function(node: Node, scope: _Scope) -> Iterator[_Visit]:
    inner = _Scope(scope, function=True)
    if node.type != "arrow_function":
        inner.names.add("arguments")
    name = node.child_by_field_name("name")
    if node.type in _DECLARED_FUNCTIONS:
        yield name, scope, scope.variables
    elif node.type != "method_definition":
        yield name, inner, inner
    elif name and name.type == "computed_property_name":
        yield name, scope, None
    for field in ("parameter", "parameters"):
        yield node.child_by_field_name(field), inner, inner
    body = node.child_by_field_name("body")
    if body and body.type == "statement_block":
        # A scope of its own: defaults of parameters don't see what the body declares.
        within = _Scope(inner, function=True)
        yield from ((child, within, None) for child in body.named_children)
    else:
        yield body, inner, None


def _declaration(node: Node, scope: _Scope, binder: _Scope) -> Iterator[_Visit]:
    for declarator in node.named_children:
        yield declarator.child_by_field_name("name"), scope, binder
        yield declarator.child_by_field_name("value"), scope, None


def _class(node: Node, scope: _Scope) -> Iterator[_Visit]:
    inner = _Scope(scope)
    name = node.child_by_field_name("name")
    for child in node.named_children:
        if child != name:
            yield child, inner, None
        else:
            yield name, inner, inner
            if node.type == "class_declaration":
                yield name, scope, scope


def _for_in(node: Node, scope: _Scope) -> Iterator[_Visit]:
    inner = _Scope(scope)
    kind = node.child_by_field_name("kind")
    binder = None if kind is None else scope.variables if kind.type == "var" else inner
    yield node.child_by_field_name("left"), inner, binder
    yield node.child_by_field_name("right"), scope, None
    yield node.child_by_field_name("body"), inner, None


def _member(node: Node, holders: Collection[str]) -> Mention | None:
    """`blocks.id`, `blocks["id"]`, `previous.id`; None for any other node."""
    if node.type not in {"member_expression", "subscript_expression"}:
        return None
    holder = node.child_by_field_name("object")
    if holder is None or holder.type != "identifier" or _text(holder) not in holders:
        return None
    member = node.child_by_field_name("property") or node.child_by_field_name("index")
    if member is None:
        return None
    if member.type == "property_identifier":
        return Mention(_text(holder), _text(member))
    if member.type == "string" and all(part.type == "string_fragment" for part in member.named_children):
        return Mention(_text(holder), "".join(_text(part) for part in member.named_children))
    return None


def _text(node: Node) -> str:
    return (node.text or b"").decode()
