"""The verbs of triggers over NATS: twins of the endpoints."""

from gnatwork_manager.audit.notes import note
from gnatwork_manager.listing import PageQuery
from gnatwork_manager.triggers.by_hand import fire_by_hand
from gnatwork_manager.triggers.store import FoundTrigger
from gnatwork_manager.triggers.views import preview
from gnatwork_manager.verb_request import CONDITION, Answer, VerbRequest, Verbs
from gnatwork_schemas.status import RunStatus

#: What names a trigger.
_ONE = ("name", "id")


async def _list(request: VerbRequest) -> Answer:
    triggers = request.services.triggers
    if "name" in request.body:
        known = await triggers.store.all(request.namespace, request.text("name"))
    else:
        known = triggers.table.of_namespace(request.namespace)
    return await triggers.views.page(known, request.query(PageQuery, "name"))


async def _add(request: VerbRequest) -> Answer:
    request.only("name", "trigger", *CONDITION)
    store = request.services.triggers.store
    value = request.body.get("trigger")
    found = await store.add(request.namespace, request.text("name"), value, request.condition())
    note(target=f"{found.known.workflow}/{found.known.trigger.id}")
    return await _shown(request, found)


async def _get(request: VerbRequest) -> Answer:
    request.only(*_ONE)
    return await _shown(request, await request.services.triggers.store.get(request.namespace, *_one(request)))


async def _put(request: VerbRequest) -> Answer:
    request.only(*_ONE, "trigger", *CONDITION)
    store, value = request.services.triggers.store, request.body.get("trigger")
    return await _shown(request, await store.put(request.namespace, *_one(request), value, request.condition()))


async def _delete(request: VerbRequest) -> Answer:
    request.only(*_ONE, *CONDITION)
    await request.services.triggers.store.remove(request.namespace, *_one(request), request.condition())
    return {}


async def _enable(request: VerbRequest) -> Answer:
    return await _switch(request, on=True)


async def _disable(request: VerbRequest) -> Answer:
    return await _switch(request, on=False)


async def _switch(request: VerbRequest, *, on: bool) -> Answer:
    request.only(*_ONE, *CONDITION)
    store, condition = request.services.triggers.store, request.condition()
    return await _shown(request, await store.switch(request.namespace, *_one(request), on=on, condition=condition))


async def _preview(request: VerbRequest) -> Answer:
    request.only(*_ONE)
    return preview((await request.services.triggers.store.get(request.namespace, *_one(request))).known)


async def _fire(request: VerbRequest) -> Answer:
    body = request.without(*_ONE)
    run_id = await fire_by_hand(request.services.triggers, request.namespace, *_one(request), body)
    return {"run_id": run_id, "status": RunStatus.PENDING}


VERBS: Verbs = {
    "trigger.list": _list,
    "trigger.add": _add,
    "trigger.get": _get,
    "trigger.put": _put,
    "trigger.delete": _delete,
    "trigger.enable": _enable,
    "trigger.disable": _disable,
    "trigger.preview": _preview,
    "trigger.fire": _fire,
}


def _one(request: VerbRequest) -> tuple[str, str]:
    return request.text("name"), request.text("id")


async def _shown(request: VerbRequest, found: FoundTrigger) -> Answer:
    return await request.services.triggers.views.one(found)
