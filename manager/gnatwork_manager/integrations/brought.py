"""Types of triggers and of connections, as executors announce them: followed, kept in memory."""

import logging
from collections.abc import Mapping
from typing import TypeVar

from pydantic import ValidationError

from gnatwork_bus.connection import Connection
from gnatwork_bus.kv import Bucket
from gnatwork_manager.followed import Followed
from gnatwork_schemas import subjects
from gnatwork_schemas.integration import ConnectionKind, TriggerType

log = logging.getLogger(__name__)

_ALL = subjects.integration_key("*", "*")
_Brought = TypeVar("_Brought", TriggerType, ConnectionKind)


class Brought(Followed):
    """All that integrations bring, by type."""

    def __init__(self, connection: Connection, state: Bucket) -> None:
        super().__init__(connection, state, _ALL)
        #: Replaced, never changed.
        self.triggers: Mapping[str, TriggerType] = {}
        self.connections: Mapping[str, ConnectionKind] = {}
        #: Grows whenever a type of triggers says something new.
        self.revision = 0

    def _take(self, key: str, value: bytes | None) -> None:
        _, what, type_ = key.split(".")
        if what == "connection":
            self.connections = _changed(self.connections, ConnectionKind, type_, value)
        elif what == "trigger":
            triggers = _changed(self.triggers, TriggerType, type_, value)
            if triggers != self.triggers:
                self.triggers = triggers
                self.revision += 1


def _changed(
    known: Mapping[str, _Brought], model: type[_Brought], type_: str, value: bytes | None
) -> Mapping[str, _Brought]:
    """What is known once this was announced, or has gone."""
    others = {name: one for name, one in known.items() if name != type_}
    if value is None:
        return others
    try:
        return {**others, type_: model.model_validate_json(value)}
    except ValidationError as error:
        log.warning("what was announced as %s can't be read: %s", type_, error)
        return known
