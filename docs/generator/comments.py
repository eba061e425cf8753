"""The `#:` comments above constants and fields, which the interpreter does not keep."""

import ast
import inspect
from functools import cache
from types import ModuleType
from typing import Any

_MARK = "#:"


@cache
def comments_of(module: ModuleType) -> dict[str, str]:
    """By name, `CONSTANT` or `Class.field`, what the module says of it."""
    source = inspect.getsource(module)
    lines = source.splitlines()
    found: dict[str, str] = {}
    tree = ast.parse(source)
    for node in tree.body:
        if isinstance(node, ast.ClassDef):
            found |= {f"{node.name}.{name}": text for name, text in _in_body(node.body, lines)}
    return found | dict(_in_body(tree.body, lines))


def field_comment(model: type[Any], field: str) -> str:
    """What the class, or the one that it has the field from, says of a field; empty when nothing."""
    for cls in model.__mro__:
        module = inspect.getmodule(cls)
        if module and field in inspect.get_annotations(cls):
            return comments_of(module).get(f"{cls.__name__}.{field}", "")
    return ""


def first_paragraph(thing: Any) -> str:
    """The first paragraph of a docstring, on one line."""
    return " ".join((inspect.getdoc(thing) or "").split("\n\n", maxsplit=1)[0].split())


def _in_body(body: list[ast.stmt], lines: list[str]) -> list[tuple[str, str]]:
    return [
        (target.id, text)
        for statement in body
        for target in _targets(statement)
        if isinstance(target, ast.Name) and (text := _above(statement.lineno, lines))
    ]


def _targets(statement: ast.stmt) -> list[ast.expr]:
    match statement:
        case ast.Assign(targets=targets):
            return targets
        case ast.AnnAssign(target=target):
            return [target]
    return []


def _above(number: int, lines: list[str]) -> str:
    """The comment that ends in the line above line `number`, counted from 1."""
    texts: list[str] = []
    index = number - 2
    while index >= 0 and (line := lines[index].strip()).startswith(_MARK):
        texts.insert(0, line.removeprefix(_MARK).strip())
        index -= 1
    return " ".join(texts)
