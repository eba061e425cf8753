"""Triggers of types that integrations bring: checked, and made into the engine's own with the blanks filled in."""

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

import orjson
from jsonschema_rs import ValidationError

from gnatwork_engine.compiler.faults import Faults, shown
from gnatwork_engine.compiler.schemas import check
from gnatwork_engine.fill import expressions
from gnatwork_engine.json_tree import Path
from gnatwork_engine.paths import MISSING, as_text, follow
from gnatwork_engine.template import TemplateSyntaxError, parse_template
from gnatwork_schemas.integration import TriggerType

_INVALID = "trigger.invalid"
#: What any trigger has, which is no matter of its type.
_COMMON = ("id", "type", "enabled", "input")
#: A field of the trigger in a text of the type, perhaps within another template.
_BLANK = re.compile(r"\{\{\s*(config\.[^{}]*?)\s*\}\}")


class Expanded(NamedTuple):
    """A trigger of the engine's own."""

    trigger: dict[str, Any]
    #: Takes what is wrong with it, and says so of what was written.
    faults: Faults


class _Blank(NamedTuple):
    field: str
    value: Any


class _Moved(Faults):
    """Faults in a trigger that was made, told of the one that it was made of."""

    def __init__(self, faults: Faults, at: Path, written: Mapping[str, Any], places: Mapping[Path, str]) -> None:
        super().__init__()
        self._to, self._at, self._written, self._places = faults, at, written, places

    def add(self, path: Path, code: str, message: str) -> None:
        self._to.add(self._place(path[len(self._at) :]), code, message)

    def _place(self, path: Path) -> Path:
        for length in range(len(path), 0, -1):
            if (field := self._places.get(path[:length])) is not None:
                return (*self._at, field) if field in self._written else self._at
        return (*self._at, *path) if path and path[0] in _COMMON and path[0] in self._written else self._at


def expand(written: Mapping[str, Any], type_: TriggerType, at: Path, faults: Faults) -> Expanded | None:
    """What a trigger that stands at `at` is to the engine; None with faults where its fields are wrong."""
    fields = {name: value for name, value in written.items() if name not in _COMMON}
    try:
        findings = check(type_.config_schema, fields)
    except ValidationError as error:
        message = f"the schema that executors announce for {shown(type_.type)} is itself wrong: {error.message}"
        faults.add((*at, "type"), _INVALID, message)
        return None
    for finding in findings:
        faults.add((*at, *finding.path), _INVALID, finding.message)
    if findings:
        return None
    filling = _Filling(_defaults(type_.config_schema) | fields)
    try:
        made = filling.fill(type_.trigger, ())
    except TemplateSyntaxError as error:
        message = f"the trigger that executors announce for {shown(type_.type)} is itself wrong: {error.detail}"
        faults.add((*at, "type"), _INVALID, message)
        return None
    own = {name: written[name] for name in _COMMON if name in written and name != "type"}
    return Expanded({**made, **own}, _Moved(faults, at, written, filling.places))


class _Filling:
    """Puts fields into the blanks of a type's trigger, and remembers where they went."""

    def __init__(self, config: Mapping[str, Any]) -> None:
        self._roots = {"config": dict(config)}
        #: By place in what was made, the field that it comes from.
        self.places: dict[Path, str] = {}

    def fill(self, value: Any, at: Path) -> Any:
        """The value with its blanks filled in; MISSING for one that mentions what is not given."""
        match value:
            case dict():
                made = {name: self.fill(inner, (*at, name)) for name, inner in value.items()}
                return {name: inner for name, inner in made.items() if inner is not MISSING}
            case list():
                found = [self.fill(inner, (*at, index)) for index, inner in enumerate(value)]
                return [inner for inner in found if inner is not MISSING]
            case str():
                return self._text(value, at)
            case _:
                return value

    def _text(self, text: str, at: Path) -> Any:
        blanks = {match[0]: self._blank(match[1]) for match in _BLANK.finditer(text)}
        if not blanks:
            return text
        self.places[at] = next(iter(blanks.values())).field
        if any(blank.value is MISSING for blank in blanks.values()):
            return MISSING
        if text in blanks:
            return blanks[text].value
        write = _as_javascript if at == ("filter",) else as_text
        return _BLANK.sub(lambda match: write(blanks[match[0]].value), text)

    def _blank(self, source: str) -> _Blank:
        (expression,) = expressions(parse_template(f"{{{{ {source} }}}}"))
        found = follow(self._roots["config"], expression.path[1:])
        value = expression.default if found is MISSING and expression.has_default else found
        return _Blank(str(expression.path[1]), value)


def _as_javascript(value: Any) -> str:
    return orjson.dumps(value).decode()


def _defaults(schema: Mapping[str, Any]) -> dict[str, Any]:
    """What a schema says of fields that are not given."""
    properties = schema.get("properties", {})
    return {
        name: field["default"] for name, field in properties.items() if isinstance(field, dict) and "default" in field
    }
