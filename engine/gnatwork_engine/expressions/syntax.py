"""Texts as JavaScript: the tree of an expression or a body that is right, a place and a hint for one that is not."""

import json
import re
from typing import NamedTuple

from tree_sitter import Language, Node, Parser
from tree_sitter_javascript import language

from gnatwork_schemas.errors import GnatworkError

#: Characters that an expression may have.
MAX_LENGTH = 16 * 1024

_LANGUAGE = Language(language())


class Around(NamedTuple):
    """What is put around a text to make it a program."""

    before: str
    after: str


#: In parentheses, so that `{a: 1}` is an object, as it is for executors.
EXPRESSION = Around("(", "\n)")
#: The statements of a function.
BODY = Around("(() => {", "\n})")

_EXCERPT = 40
_SHOWN = 80

#: Read in one go, however many braces and blanks there are.
_BRACES = re.compile(r"\{\{([^{}]*+)\}\}")
_STATEMENT = re.compile(r"\s*(if|for|while|do|switch|try|throw|const|let|var)\b")
_RETURN = re.compile(r"\s*return\b\s*")
#: What the grammar knows and the executors' JavaScript does not, or must not do.
_FOREIGN = {
    "jsx_element": "JSX is not JavaScript",
    "jsx_self_closing_element": "JSX is not JavaScript",
    "decorator": "decorators are not supported",
    "import": "an expression can't import modules",
}
#: Operators whose operands are asked whether they hold.
_LOGICAL = frozenset({"!", "&&", "||", "??"})
#: What is missing where the grammar would have it.
_MISSING = {"identifier": "a value", "property_identifier": "a name"}


class ExpressionError(GnatworkError):
    """A text is not an expression that an executor could evaluate."""

    code = "expression.syntax"


class ExpressionTooLongError(ExpressionError):
    """An expression is too long; move what it does into a block of its own."""

    code = "expression.too_long"


class ExpressionSyntaxError(ExpressionError):
    """A text is not one JavaScript expression."""


def parse(text: str, around: Around = EXPRESSION) -> Node:
    """The syntax tree of an expression or a body, from its outermost node in.

    The tree is that of the text with what is put around it: positions in it are so much further than in the text.

    Raises:
        ExpressionTooLongError: It has more than `MAX_LENGTH` characters.
        ExpressionSyntaxError: It is something else than one expression.
    """
    if len(text) > MAX_LENGTH:
        raise ExpressionTooLongError(f"{len(text):,} characters, more than {MAX_LENGTH:,}")
    if not text.strip():
        raise ExpressionSyntaxError("it is empty")
    source = f"{around.before}{text}{around.after}".encode()
    root = tree(source)
    if root.has_error:
        raise ExpressionSyntaxError(f"{broken(text, source, root, around)}{_hint(text, around)}")
    statements = root.named_children
    whole = statements[0].named_child(0) if len(statements) == 1 else None
    if whole is None or whole.type != "parenthesized_expression" or whole.end_byte - whole.start_byte != len(source):
        raise ExpressionSyntaxError(f"it is not one expression; look at its parentheses{_hint(text, around)}")
    if around == BODY and not _is_function(whole):
        raise ExpressionSyntaxError("it is not the body of one function; look at its braces")
    if assignment := _assignment(whole):
        where = place(text, source, assignment.start_byte, around)
        raise ExpressionSyntaxError(f"it assigns a value at {where}; to compare, write `===`")
    return whole


def tree(source: bytes) -> Node:
    """The syntax tree of a text as UTF-8, right or not."""
    # A parser is not safe to share.
    return Parser(_LANGUAGE).parse(source).root_node


def _is_function(whole: Node) -> bool:
    """Whether the parentheses hold the function that was put around a body, and nothing beside it."""
    inner = whole.named_child(0)
    return bool(inner) and inner.type == "arrow_function" and inner.end_byte == whole.end_byte - 1


def _assignment(whole: Node) -> Node | None:
    """What assigns where a condition was meant: the whole, or what `!`, `&&`, `||`, `??` and `?` ask. Else None."""
    pending = [whole]
    while pending:
        node = pending.pop()
        if node.type in {"assignment_expression", "augmented_assignment_expression"}:
            return node
        operator = node.child_by_field_name("operator")
        if node.type == "parenthesized_expression" or (operator and operator.type in _LOGICAL):
            pending.extend(reversed(node.named_children))
        elif node.type == "ternary_expression" and (condition := node.child_by_field_name("condition")):
            pending.append(condition)
    return None


def place(text: str, source: bytes, byte: int, around: Around) -> str:
    """Where a byte of the tree lies in the text, with what stands there."""
    at = min(max(len(source[:byte].decode(errors="ignore")) - len(around.before), 0), len(text))
    line, column = text.count("\n", 0, at) + 1, at - (text.rfind("\n", 0, at) + 1) + 1
    begin = max(0, at - _EXCERPT // 2)
    excerpt = text[begin : begin + _EXCERPT]
    return f"line {line}, column {column}, near {json.dumps(excerpt, ensure_ascii=False)}"


def refuse_foreign(node: Node, text: str, around: Around) -> None:
    """Raise ExpressionSyntaxError for a node that only other languages have."""
    if what := _FOREIGN.get(node.type):
        source = f"{around.before}{text}".encode()
        raise ExpressionSyntaxError(f"{what}: {place(text, source, node.start_byte, around)}")


def broken(text: str, source: bytes, root: Node, around: Around) -> str:
    """What is wrong with a text first, and where."""
    node = _first_error(root)
    where = place(text, source, node.start_byte, around)
    if node.is_missing:
        what = _MISSING.get(node.type, f"`{node.type}`")
        return f"{what} is missing at {where}"
    return f"it can't be read at {where}"


def _first_error(root: Node) -> Node:
    pending = [root]
    while pending:
        node = pending.pop()
        if node.is_error or node.is_missing:
            return node
        pending.extend(child for child in reversed(node.children) if child.has_error or child.is_missing)
    return root


def _hint(text: str, around: Around) -> str:
    """What was probably meant."""
    if _BRACES.search(text):
        plain = _quoted(_BRACES.sub(lambda found: found[1].strip(), text))
        return f"; write {plain} without braces: this is JavaScript, not a template"
    if around == BODY:
        return ""
    if found := _RETURN.match(text):
        return f"; write {_quoted(text[found.end() :].rstrip('; '))} without `return`"
    if _STATEMENT.match(text):
        return "; this is a statement: write `a ? b : c`, or statements in a function, `(() => { … })()`"
    if text.rstrip().endswith(";"):
        return "; leave out the `;` at the end"
    return ""


def _quoted(text: str) -> str:
    text = text.strip()
    return f"`{text if len(text) <= _SHOWN else text[: _SHOWN - 1] + '…'}`"
