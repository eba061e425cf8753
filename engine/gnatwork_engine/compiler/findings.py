"""What a JSON Schema finds wrong with a value, in plain words, as far as the value is known."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import chain
from typing import Any, NamedTuple

from jsonschema_rs import ValidationError, ValidationErrorKind

from gnatwork_engine.compiler.faults import listed, shown, suggestion
from gnatwork_engine.json_tree import Path, at_path

_Kind = ValidationErrorKind

#: What such an error says of a container holds whatever stands inside of it.
_STRUCTURAL = (
    _Kind.Required,
    _Kind.AdditionalProperties,
    _Kind.Type,
    _Kind.MinItems,
    _Kind.MaxItems,
    _Kind.MinProperties,
    _Kind.MaxProperties,
    _Kind.PropertyNames,
    _Kind.FalseSchema,
)
_TYPES = {
    "string": "a text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "array": "an array",
    "object": "an object",
    "null": "null",
}
#: By keyword.
_SENTENCES = {
    "required": "{property} is missing",
    "dependentRequired": "{property} is missing",
    "const": "must be {expected_value}",
    "format": "must be of the format {format}",
    "pattern": "must match {pattern}",
    "minimum": "must be at least {limit}",
    "maximum": "must be at most {limit}",
    "exclusiveMinimum": "must be more than {limit}",
    "exclusiveMaximum": "must be less than {limit}",
    "minLength": "must have at least {limit} characters",
    "maxLength": "must have at most {limit} characters",
    "minItems": "must have at least {limit} entries",
    "maxItems": "must have at most {limit} entries",
    "minProperties": "must have at least {limit} entries",
    "maxProperties": "must have at most {limit} entries",
    "uniqueItems": "must not hold the same entry twice",
    "oneOf": "has several of its possible forms at once; leave out what belongs to another",
    "falseSchema": "is not allowed here",
}
#: Where the names that follow are those of properties, not of keywords.
_NAME_MAPS = frozenset({"properties", "patternProperties", "$defs", "definitions", "dependentSchemas"})
#: How much of a message of the library is shown.
_SHOWN = 200


class Finding(NamedTuple):
    """Something wrong with a value."""

    path: Path
    message: str


class Unknowns:
    """The places of a value that are not known yet, because templates stand there."""

    def __init__(self, places: Iterable[Path] = ()) -> None:
        self._places = frozenset(places)
        self._around = frozenset(place[:length] for place in self._places for length in range(len(place)))

    def __bool__(self) -> bool:
        return bool(self._places)

    def at(self, path: Path) -> bool:
        """Whether the value at the path is not known."""
        return path in self._places

    def inside(self, path: Path) -> bool:
        """Whether something inside the value at the path is not known."""
        return path in self._around


def describe(errors: Iterable[ValidationError], schema: Any, unknowns: Unknowns) -> list[Finding]:
    """The errors that stand whatever the unknown places turn out to be, each once.

    Of a value that has the wrong type nothing else is said.
    """
    standing = [(tuple(error.instance_path), error) for error in errors if _stands(error, unknowns)]
    of_other_type = {path for path, error in standing if isinstance(error.kind, _Kind.Type)}
    findings = (
        finding
        for path, error in standing
        if path not in of_other_type or isinstance(error.kind, _Kind.Type)
        for finding in _findings(error, schema, unknowns)
    )
    return list(dict.fromkeys(findings))


def _stands(error: ValidationError, unknowns: Unknowns) -> bool:
    path = tuple(error.instance_path)
    if unknowns and _is_conditional(error.evaluation_path):
        return False
    if unknowns.at(path):
        return False
    if not unknowns.inside(path):
        return True
    match error.kind:
        case _Kind.AnyOf(context) | _Kind.OneOfNotValid(context):
            return all(any(_stands(inner, unknowns) for inner in branch) for branch in context)
        case kind:
            return isinstance(kind, _STRUCTURAL) or bool(_exclusive(kind))


def _is_conditional(steps: Sequence[str | int]) -> bool:
    """Whether an error comes from one side of an `if`."""
    return any(
        step in {"then", "else"} and (index == 0 or steps[index - 1] not in _NAME_MAPS)
        for index, step in enumerate(steps)
    )


def _findings(error: ValidationError, schema: Any, unknowns: Unknowns) -> Iterator[Finding]:
    path = tuple(error.instance_path)
    match error.kind:
        case _Kind.AdditionalProperties(unexpected) | _Kind.UnevaluatedProperties(unexpected):
            known = _known_properties(error, schema)
            for name in unexpected:
                yield Finding((*path, name), f"there is no {shown(name)} here{suggestion(name, known)}")
        case _Kind.AnyOf(context) | _Kind.OneOfNotValid(context):
            yield from _alternatives(path, error.instance, context, schema, unknowns)
        case kind:
            yield Finding(path, _sentence(kind, error))


def _sentence(kind: ValidationErrorKind, error: ValidationError) -> str:
    match kind:
        case _Kind.Type(types):
            return f"must be {_either(types)}, not {_type_of(error.instance)}"
        case _Kind.Enum(options):
            near = suggestion(str(error.instance), [option for option in options if isinstance(option, str)])
            return f"must be one of {listed(options)}{near}"
        case _ if exclusive := _exclusive(kind):
            return f"may not have {listed(exclusive)} together"
    if sentence := _SENTENCES.get(kind.name):
        values = {key: shown(value) if isinstance(value, str) else value for key, value in kind.as_dict().items()}
        return sentence.format_map(values)
    return error.message if len(error.message) <= _SHOWN else error.message[:_SHOWN] + "…"


def _exclusive(kind: ValidationErrorKind) -> list[str]:
    """The properties that may not all be there, if that is the error."""
    match kind:
        case _Kind.Not({"required": [*names], **others}) if not others:
            return [str(name) for name in names]
        case _:
            return []


def _alternatives(
    path: Path, value: Any, branches: Sequence[Sequence[ValidationError]], schema: Any, unknowns: Unknowns
) -> Iterator[Finding]:
    """What to say when a value has none of its possible forms: what is wrong with the one it comes closest to."""
    standing = [[error for error in branch if _stands(error, unknowns)] for branch in branches]
    of_other_type = [_wrong_type(path, branch) for branch in standing]
    if all(of_other_type):
        yield Finding(path, f"must be {_either(chain.from_iterable(of_other_type))}, not {_type_of(value)}")
        return
    ways = [
        describe(branch, schema, unknowns) for branch, wrong in zip(standing, of_other_type, strict=True) if not wrong
    ]
    fewest = min(map(len, ways))
    nearest = [way for way in ways if len(way) == fewest]
    if len(nearest) == 1:
        yield from nearest[0]
        return
    messages = dict.fromkeys(finding.message for way in nearest for finding in way)
    yield Finding(path, f"has none of its possible forms: {'; or '.join(messages)}")


def _wrong_type(path: Path, branch: Sequence[ValidationError]) -> list[str]:
    """The types that one of several forms asks for, if the value at `path` has another type."""
    return [
        type_
        for error in branch
        if isinstance(error.kind, _Kind.Type) and tuple(error.instance_path) == path
        for type_ in error.kind.types
    ]


def _known_properties(error: ValidationError, schema: Any) -> Collection[str]:
    try:
        known = at_path(schema, error.schema_path[:-1])["properties"]
    except (LookupError, TypeError, ValueError):
        return ()
    return known if isinstance(known, dict) else ()


def _either(types: Iterable[str]) -> str:
    return " or ".join(dict.fromkeys(_TYPES.get(type_, type_) for type_ in types))


def _type_of(value: Any) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "true or false"
        case int() | float():
            return "a number"
        case str():
            return "a text"
        case list():
            return "an array"
        case _:
            return "an object"
