"""Values of connections by their type, be it one of the engine's own or of an integration."""

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from jsonschema_rs import ValidationError

from gnatwork_engine.compiler.faults import listed, shown, suggestion
from gnatwork_engine.compiler.schemas import check
from gnatwork_engine.json_tree import Path, to_pointer
from gnatwork_manager.connections.kinds import check_size, read_values
from gnatwork_manager.integrations.brought import Brought
from gnatwork_manager.problems import ProblemError
from gnatwork_schemas.connections import MAX_VALUE, MIN_SECRET, VALUE_NAME_PATTERN, VALUES, ResolvedConnection
from gnatwork_schemas.integration import ConnectionKind
from gnatwork_schemas.problem import Fault

_CODE = "connection.invalid"
_NAME = re.compile(VALUE_NAME_PATTERN)


class ReadValues(NamedTuple):
    """What is to be stored."""

    values: dict[str, Any]
    #: Which of them are secrets, where the type is not one of the engine's own.
    secret: tuple[str, ...] | None = None


class ConnectionTypes:
    """The types there are."""

    def __init__(self, brought: Brought) -> None:
        self._brought = brought

    async def read(self, type_: str, values: Mapping[str, Any]) -> ReadValues:
        """The values of a connection of this type, checked; ProblemError, which never holds a value."""
        if type_ in VALUES:
            return ReadValues(read_values(type_, values))
        kind = self._brought.connections.get(type_)
        if kind is None:
            # An executor may have announced it a moment ago.
            await self._brought.refresh()
            kind = self._brought.connections.get(type_)
        if kind is None:
            known = sorted({*VALUES, *self._brought.connections})
            message = f"there is no type {shown(type_)}; there are {listed(known, 50)}{suggestion(type_, known)}"
            raise _refusal([_fault(("type",), message)])
        return _read(kind, values)


def resolved_kind(values: Mapping[str, Any], secret: tuple[str, ...]) -> ResolvedConnection:
    """What an executor gets of a connection whose type an integration brings."""
    return ResolvedConnection(values=dict(values), secret=tuple(name for name in secret if name in values))


def _read(kind: ConnectionKind, values: Mapping[str, Any]) -> ReadValues:
    given = {name: value for name, value in values.items() if value is not None}
    try:
        findings = check(kind.values_schema, given)
    except ValidationError as error:
        message = f"the schema that executors announce for {shown(kind.type)} is itself wrong"
        raise _refusal([_fault(("type",), message)]) from error
    faults = [_fault(("values", *finding.path), finding.message) for finding in findings]
    faults += [] if faults else [_fault(("values", name), wrong) for name, wrong in _unfit(kind, given)]
    if faults:
        raise _refusal(faults)
    check_size(given)
    return ReadValues(given, kind.secret)


def _unfit(kind: ConnectionKind, values: Mapping[str, Any]) -> list[tuple[str, str]]:
    """What no value of any connection may be, whatever the schema of its type lets pass."""
    found = []
    for name, value in values.items():
        if not _NAME.fullmatch(name):
            found.append((name, "is no name of a value"))
        elif not isinstance(value, str):
            found.append((name, "must be a text"))
        elif len(value) > MAX_VALUE:
            found.append((name, f"has at most {MAX_VALUE} characters"))
        elif name in kind.secret and len(value) < MIN_SECRET:
            found.append((name, f"has at least {MIN_SECRET} characters, as it is a secret"))
    return found


def _fault(path: Path, message: str) -> Fault:
    return Fault(pointer=to_pointer(path), code=_CODE, message=message)


def _refusal(faults: list[Fault]) -> ProblemError:
    return ProblemError(_CODE, f"at {faults[0].pointer}: {faults[0].message}", errors=tuple(faults))
