"""Texts that the program's author has marked as templates, found again in what the program asks for.

`template("Bearer {{ connections.ops.token }}")` yields the text between two marks that are made anew for each slice, so
that nothing that comes from outside can ever hold them: what only looks like a template stays what it is.
"""

import re
from typing import Any

from gnatwork_blocks.errors import BlockError
from gnatwork_engine.deferred import CONNECTION_KEY, TEMPLATE_KEY, VALUES_KEY, root_key
from gnatwork_engine.json_tree import Path
from gnatwork_engine.template import TemplateSyntaxError, parse_template
from gnatwork_schemas.names import NAME_PATTERN
from gnatwork_schemas.template import PathExpression, TemplatePart

#: The root of templates that programs may write: all else is theirs to read from what they are given.
_ROOT = "connections"
_NAME = re.compile(NAME_PATTERN)


class Marks:
    """The marks of one slice."""

    def __init__(self, mark: str) -> None:
        self.mark = mark
        self._marked = re.compile(f"{re.escape(mark)}<(.*?)>{re.escape(mark)}", re.DOTALL)

    def plain(self, text: str) -> str:
        """A text without the marks, where a template means nothing; also of one that the program has cut.

        Whoever came to know a mark could have the program mention connections.
        """
        return self._marked.sub(r"\1", text).replace(self.mark, "") if self.mark in text else text

    def deferred(self, config: Any, what: str) -> tuple[Any, tuple[Path, ...]]:
        """The config of a step with its marked texts as deferred leaves, and the places of those.

        Args:
            config: Any JSON.
            what: What the step is called in messages.

        Raises:
            BlockError: `template.invalid`, a marked text is no template, or mentions something else than connections.
        """
        places: list[Path] = []
        found = self._walked(config, (), places, what)
        return found, tuple(places)

    def _walked(self, value: Any, path: Path, places: list[Path], what: str) -> Any:
        match value:
            case str() if self.mark in value:
                return self._leaf(value, path, places, what)
            case dict():
                return {
                    self.plain(key): self._walked(inner, (*path, self.plain(key)), places, what)
                    for key, inner in value.items()
                }
            case list():
                return [self._walked(inner, (*path, index), places, what) for index, inner in enumerate(value)]
        return value

    def _leaf(self, text: str, path: Path, places: list[Path], what: str) -> Any:
        parts: list[TemplatePart] = []
        # Texts and marked texts in turn.
        for at, piece in enumerate(self._marked.split(text)):
            if at % 2 == 0:
                parts += [plain] if (plain := self.plain(piece)) else []
                continue
            try:
                parts += parse_template(piece) or (piece,)
            except TemplateSyntaxError as error:
                raise BlockError("template.invalid", f"{what}: {error}") from None
        values: dict[str, Any] = {}
        written: list[Any] = []
        for part in parts:
            if isinstance(part, str):
                written.append(part)
                continue
            values |= _connection(part, what, whole=len(parts) == 1)
            written.append(part.model_dump(mode="json", exclude={"up"}))
        if not values:
            return "".join(written)
        places.append(path)
        return {TEMPLATE_KEY: written, VALUES_KEY: values}


def _connection(expression: PathExpression, what: str, *, whole: bool) -> dict[str, Any]:
    match expression.path:
        case (root, str(name), str()) if root == _ROOT and _NAME.fullmatch(name):
            return {root_key(expression): {CONNECTION_KEY: name}}
        case (root, str(name)) if root == _ROOT and whole and _NAME.fullmatch(name):
            return {root_key(expression): {CONNECTION_KEY: name}}
    message = (
        f"{what}: a template of a program may mention connections and nothing else, such as"
        f" `{{{{ connections.ops.token }}}}`; `{expression.source}` is none"
    )
    raise BlockError("template.invalid", message)
