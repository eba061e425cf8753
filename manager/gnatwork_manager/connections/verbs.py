"""Connections over NATS: the twins of their endpoints, and what executors ask."""

from gnatwork_manager.connections.endpoints import CALLBACK, read_authorize, read_body
from gnatwork_manager.metrics import refusals
from gnatwork_manager.problems import invalid
from gnatwork_manager.verb_request import CONDITION, Answer, VerbRequest, Verbs
from gnatwork_schemas.connections import ResolveBody


async def _list(request: VerbRequest) -> Answer:
    query = request.page()
    return await request.services.connections.page(request.namespace, query.cursor, query.limit)


async def _get(request: VerbRequest) -> Answer:
    request.only("name")
    room = request.services.connections
    found = await room.store.find(request.namespace, request.text("name"))
    return (await room.view(request.namespace, found)).model_dump(mode="json")


async def _put(request: VerbRequest) -> Answer:
    room, body = request.services.connections, read_body(request.without("name", *CONDITION))
    found, _ = await room.store.put(request.namespace, request.text("name"), body, request.condition())
    return (await room.view(request.namespace, found)).model_dump(mode="json")


async def _delete(request: VerbRequest) -> Answer:
    request.only("name", *CONDITION)
    await request.services.connections.store.delete(request.namespace, request.text("name"), request.condition())
    return {}


async def _authorize(request: VerbRequest) -> Answer:
    callback = read_authorize(request.without("name")).callback
    if callback is None:
        raise invalid("/callback", f"`callback` is missing: the URL of a manager's `{CALLBACK}`")
    address = await request.services.connections.authorizing.begin(request.namespace, request.text("name"), callback)
    return address.model_dump(mode="json")


async def _test(request: VerbRequest) -> Answer:
    request.only("name")
    found = await request.services.connections.test(request.namespace, request.text("name"))
    return found.model_dump(mode="json")


async def _rotate(request: VerbRequest) -> Answer:
    request.only()
    return (await request.services.connections.rotate()).model_dump(mode="json")


async def _resolve(request: VerbRequest) -> Answer:
    wanted, metrics = request.query(ResolveBody), request.services.metrics
    # It may take as long as a service takes to answer.
    request.on_wait()
    with refusals(metrics.connections_refused):
        resolved = await request.services.connections.values.resolve(request.namespace, wanted.names, wanted.type)
    metrics.connections_resolved.inc(len(resolved.connections))
    return resolved.model_dump(mode="json")


VERBS: Verbs = {
    "connection.list": _list,
    "connection.get": _get,
    "connection.put": _put,
    "connection.delete": _delete,
    "connection.authorize": _authorize,
    "connection.test": _test,
    "connection.rotate": _rotate,
    "connection.resolve": _resolve,
}
