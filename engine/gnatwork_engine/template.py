"""The grammar of templates: `{{ path }}`, `{{ path ?? literal }}` and `{{ "literal" }}`. No code, linear time."""

import json
import re
from typing import Any

import orjson

from gnatwork_engine.json_tree import too_deep
from gnatwork_schemas.errors import GnatworkError
from gnatwork_schemas.template import PathExpression, TemplatePart

#: How deep a default may nest.
MAX_LITERAL_DEPTH = 16
#: How many characters a path may have, so that messages that quote it stay readable.
MAX_PATH_LENGTH = 1000

_OPEN, _CLOSE = "{{", "}}"
_EXCERPT = 60

# Possessive throughout: no pattern ever gives a character back, so none can be made to backtrack.
_SPACE = re.compile(r"[ \t\r\n]*+")
_NAME = re.compile(r"[\w$-]++")
_INDEX = re.compile(r"[0-9]{1,9}+(?![0-9])")
_SINGLE_QUOTED = re.compile(r"'((?:[^'\\]++|\\.)*+)'", re.DOTALL)
_REQUOTED = re.compile(r"\\.|\"", re.DOTALL)


class TemplateSyntaxError(GnatworkError):
    """A text between `{{` and `}}` is not a path; write `{{ block.field[0] ?? "default" }}`."""

    code = "template.invalid"

    def __init__(self, expected: str, text: str, position: int) -> None:
        start = max(0, position - _EXCERPT // 2)
        excerpt = text[start : start + _EXCERPT]
        super().__init__(f"expected {expected} at position {position}, near {json.dumps(excerpt, ensure_ascii=False)}")
        #: Characters before the mistake.
        self.position = position


def parse_template(text: str) -> tuple[TemplatePart, ...] | None:
    """The parts of a text, or None when it holds no `{{` and is simply a text.

    Paths are as written, so their first step is a root or the id of a block. Neighbouring texts are one part.
    Raises TemplateSyntaxError.
    """
    if _OPEN not in text:
        return None
    parts: list[TemplatePart] = []
    texts: list[str] = []
    position = 0
    while (start := text.find(_OPEN, position)) >= 0:
        texts.append(text[position:start])
        part, position = _expression(text, _skip(text, start + len(_OPEN)))
        if isinstance(part, str):
            texts.append(part)
            continue
        if joined := "".join(texts):
            parts.append(joined)
        texts.clear()
        parts.append(part)
    texts.append(text[position:])
    if joined := "".join(texts):
        parts.append(joined)
    return tuple(parts) or ("",)


def format_path(path: tuple[str | int, ...]) -> str:
    """A path as one would write it in a template."""
    written = ""
    for step in path:
        if isinstance(step, int):
            written += f"[{step}]"
        elif not _NAME.fullmatch(step):
            written += f"[{json.dumps(step, ensure_ascii=False)}]"
        else:
            written += f".{step}" if written else step
    return written


def _expression(text: str, position: int) -> tuple[TemplatePart, int]:
    """The part that begins at `position`, and where the text goes on after its `}}`."""
    if text[position : position + 1] in {'"', "'"}:
        literal, position = _literal(text, position)
        return literal, _close(text, position, "`}}`")
    path, end = _path(text, position)
    source = text[position:end]
    if len(source) > MAX_PATH_LENGTH:
        raise TemplateSyntaxError(f"a path of at most {MAX_PATH_LENGTH} characters", text, position)
    position = _skip(text, end)
    if not text.startswith("??", position):
        return PathExpression(path=path, source=source), _close(text, position, "`}}`, `??` or more of a path")
    default, position = _literal(text, _skip(text, position + 2))
    expression = PathExpression(path=path, source=source, has_default=True, default=default)
    return expression, _close(text, position, "`}}`")


def _path(text: str, position: int) -> tuple[tuple[str | int, ...], int]:
    name = _NAME.match(text, position)
    if name is None:
        raise TemplateSyntaxError("a path such as `block.field` or a quoted text", text, position)
    path: list[str | int] = [name.group()]
    position = name.end()
    while True:
        if text.startswith(".", position):
            name = _NAME.match(text, position + 1)
            if name is None:
                raise TemplateSyntaxError("a name after `.`", text, position + 1)
            path.append(name.group())
            position = name.end()
        elif text.startswith("[", position):
            step, position = _bracket(text, _skip(text, position + 1))
            path.append(step)
        else:
            return tuple(path), position


def _bracket(text: str, position: int) -> tuple[str | int, int]:
    step: str | int
    if index := _INDEX.match(text, position):
        step, position = int(index.group()), index.end()
    elif text[position : position + 1] in {'"', "'"}:
        step, position = _literal(text, position)
    else:
        raise TemplateSyntaxError("an index of up to 9 digits or a quoted key", text, position)
    position = _skip(text, position)
    if not text.startswith("]", position):
        raise TemplateSyntaxError("`]`", text, position)
    return step, position + 1


def _literal(text: str, position: int) -> tuple[Any, int]:
    """A JSON literal, or a text in single quotes."""
    try:
        if single := _SINGLE_QUOTED.match(text, position):
            value, end = _DECODER.decode(f'"{_REQUOTED.sub(_requote, single.group(1))}"'), single.end()
        else:
            value, end = _DECODER.raw_decode(text, position)
        orjson.dumps(value)  # refuses half surrogate pairs and integers beyond 64 bits
    except (ValueError, TypeError, RecursionError):
        raise TemplateSyntaxError("a JSON literal", text, position) from None
    if too_deep(value, MAX_LITERAL_DEPTH):
        raise TemplateSyntaxError(f"a literal of at most {MAX_LITERAL_DEPTH} levels", text, position)
    return value, end


def _requote(match: re.Match[str]) -> str:
    return {"\\'": "'", '"': '\\"'}.get(match.group(), match.group())


def _skip(text: str, position: int) -> int:
    space = _SPACE.match(text, position)
    return space.end() if space else position


def _close(text: str, position: int, expected: str) -> int:
    position = _skip(text, position)
    if not text.startswith(_CLOSE, position):
        raise TemplateSyntaxError(expected, text, position)
    return position + len(_CLOSE)


def _finite(number: str) -> float:
    if abs(value := float(number)) == float("inf"):
        raise ValueError(number)
    return value


def _refuse(constant: str) -> Any:
    raise ValueError(constant)


_DECODER = json.JSONDecoder(parse_float=_finite, parse_constant=_refuse)
