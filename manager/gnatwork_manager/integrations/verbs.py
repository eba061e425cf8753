"""Types of triggers and connections over NATS: the twins of their endpoints."""

from gnatwork_manager.integrations.listing import connection_types, trigger_types
from gnatwork_manager.verb_request import Answer, VerbRequest, Verbs


async def _trigger_types(request: VerbRequest) -> Answer:
    return trigger_types(request.services.brought, request.page())


async def _connection_types(request: VerbRequest) -> Answer:
    return connection_types(request.services.brought, request.page())


VERBS: Verbs = {"trigger.types": _trigger_types, "connection.types": _connection_types}
