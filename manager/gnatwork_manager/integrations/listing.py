"""Pages of types, those of the engine itself among those of integrations."""

from collections.abc import Mapping
from typing import Any

from gnatwork_manager.integrations.brought import Brought
from gnatwork_manager.integrations.own import own_connections, own_triggers
from gnatwork_manager.listing import PageQuery
from gnatwork_manager.pages import decode_cursor, encode_cursor, page
from gnatwork_schemas.integration import ConnectionKind, TriggerType

_OWN_TRIGGERS, _OWN_CONNECTIONS = own_triggers(), own_connections()


def trigger_types(brought: Brought, query: PageQuery) -> dict[str, Any]:
    """A page of the types of triggers, in the order of their names; ProblemError."""
    return _page({**brought.triggers, **_OWN_TRIGGERS}, query)


def connection_types(brought: Brought, query: PageQuery) -> dict[str, Any]:
    """A page of the types of connections, in the order of their names; ProblemError."""
    return _page({**brought.connections, **_OWN_CONNECTIONS}, query)


def _page(types: Mapping[str, TriggerType | ConnectionKind], query: PageQuery) -> dict[str, Any]:
    place = decode_cursor(query.cursor, str)
    names = sorted(name for name in types if place is None or name > place[0])
    items = [types[name].model_dump(mode="json", exclude={"v"}) for name in names[: query.limit]]
    return page(items, encode_cursor(names[query.limit - 1]) if len(names) > query.limit else None)
