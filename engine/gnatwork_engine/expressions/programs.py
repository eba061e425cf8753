"""Programs in JavaScript: parsed, never run, so that a mistake in one has a place before anything runs."""

from tree_sitter import Node

from gnatwork_engine.expressions.syntax import Around, ExpressionSyntaxError, broken, place, tree

#: A program stands alone.
_ALONE = Around("", "")
#: What the grammar knows and the executors' JavaScript does not, or must not do.
_FOREIGN = {
    "jsx_element": "JSX is not JavaScript",
    "jsx_self_closing_element": "JSX is not JavaScript",
    "decorator": "decorators are not supported",
    "import_statement": "a program can't import modules",
    "import": "a program can't import modules",
    "export_statement": "a program exports nothing; leave out `export`",
}


def check_program(source: str) -> None:
    """Raise ExpressionSyntaxError, with the place, for what is no JavaScript program. Its length is not asked."""
    encoded = source.encode()
    root = tree(encoded)
    if root.has_error:
        raise ExpressionSyntaxError(broken(source, encoded, root, _ALONE))
    pending: list[Node] = [root]
    while pending:
        node = pending.pop()
        if what := _FOREIGN.get(node.type):
            raise ExpressionSyntaxError(f"{what}: {place(source, encoded, node.start_byte, _ALONE)}")
        pending.extend(reversed(node.named_children))
