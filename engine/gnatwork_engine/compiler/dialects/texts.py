"""Templates of a dialect, written with the names of the native language."""

import json
from collections.abc import Collection, Mapping, Sequence
from typing import Any, Protocol

from gnatwork_engine.compiler.faults import Faults
from gnatwork_engine.json_tree import Path
from gnatwork_engine.template import TemplateSyntaxError, format_path, parse_template
from gnatwork_schemas.errors import GnatworkError
from gnatwork_schemas.template import TemplatePart

#: A template in place of one that is wrong: it stands for anything, so that nothing else is said of it.
_ANYTHING = "{{ input }}"


class UnknownNameError(GnatworkError):
    """A name stands for nothing in a dialect; the message says what there is instead."""

    code = "template.unknown_root"


class Names(Protocol):
    """What the names in templates and JavaScript stand for at one place."""

    @property
    def holders(self) -> Collection[str]:
        """Names of JavaScript whose members are told apart, such as `steps`."""

    def path(self, path: Path) -> Path:
        """The native path of a template's path. Raises UnknownNameError."""

    def value(self, name: str, members: Sequence[str | None]) -> str | None:
        """What a free name in JavaScript stands for, as JavaScript with native names.

        Args:
            name: The name.
            members: If it is a holder, what of it is mentioned; None for all of it.

        Returns: None if the name means the same in the native language, or is a part of JavaScript.

        Raises:
            UnknownNameError: It stands for nothing.
        """


def rewritten(value: Any, at: Path, names: Names, faults: Faults, plain: Mapping[Path, Any] | None = None) -> Any:
    """A JSON value whose templates are native; mistakes become faults.

    Args:
        value: Any JSON.
        at: Where it stands in what was sent.
        names: What can be mentioned there.
        faults: Takes the mistakes.
        plain: Values that are put in as they are, by place.
    """
    if plain and at in plain:
        return plain[at]
    match value:
        case dict():
            return {key: rewritten(inner, (*at, key), names, faults, plain) for key, inner in value.items()}
        case list():
            return [rewritten(inner, (*at, index), names, faults, plain) for index, inner in enumerate(value)]
        case str() if "{{" in value:
            return _text(value, at, names, faults)
        case _:
            return value


def is_template(value: Any) -> bool:
    """Whether a value is one template and nothing else, so that it may stand for any value."""
    try:
        parts = parse_template(value) if isinstance(value, str) else None
    except TemplateSyntaxError:
        return False
    return parts is not None and len(parts) == 1 and not isinstance(parts[0], str)


def template(path: Path, default: str = "") -> str:
    """The template of a native path; `default` is JSON."""
    return f"{{{{ {format_path(path)}{f' ?? {default}' if default else ''} }}}}"


def _text(text: str, at: Path, names: Names, faults: Faults) -> str:
    try:
        parts = parse_template(text) or ()
    except TemplateSyntaxError:
        # Told with its place when the native definition is read.
        return text
    try:
        return "".join(_part(part, names) for part in parts)
    except UnknownNameError as error:
        faults.add(at, error.code, error.detail)
        return _ANYTHING


def _part(part: TemplatePart, names: Names) -> str:
    if isinstance(part, str):
        return part.replace("{{", '{{ "{{" }}')
    return template(names.path(part.path), json.dumps(part.default, ensure_ascii=False) if part.has_default else "")
