"""The verbs of people, invitations and keys. Whoever can connect to NATS is trusted with everything."""

from gnatwork_manager.actors import actor
from gnatwork_manager.audit.notes import note
from gnatwork_manager.people.bodies import InvitationBody, KeyBody, PasswordReset, PersonChange
from gnatwork_manager.people.principal import TOKEN_ROLES, Principal
from gnatwork_manager.verb_request import Answer, VerbRequest, Verbs

_TRUSTED = Principal(kind="token", roles=TOKEN_ROLES)


async def _people_list(request: VerbRequest) -> Answer:
    query = request.page()
    return request.services.people.people.page(query.cursor, query.limit)


async def _people_get(request: VerbRequest) -> Answer:
    request.only("id")
    return (await request.services.people.people.get(request.text("id"))).shown().model_dump(mode="json")


async def _people_update(request: VerbRequest) -> Answer:
    changes = request.query(PersonChange, "id").model_dump(exclude_none=True)
    note(**changes)
    person = await request.services.people.people.change(request.text("id"), changes)
    return person.model_dump(mode="json")


async def _people_reset(request: VerbRequest) -> Answer:
    wanted = request.query(PasswordReset, "id")
    await request.services.people.accounts.reset_password(request.text("id"), wanted.password)
    return {}


async def _people_delete(request: VerbRequest) -> Answer:
    request.only("id")
    await request.services.people.people.delete(request.text("id"))
    return {}


async def _invitation_list(request: VerbRequest) -> Answer:
    query = request.page()
    return request.services.people.invitations.page(query.cursor, query.limit)


async def _invitation_create(request: VerbRequest) -> Answer:
    wanted = request.query(InvitationBody)
    made = await request.services.people.invitations.make(
        wanted.email, wanted.roles, created_by=str(actor.get()), inviter=""
    )
    note(target=made.id, email=made.email, roles=dict(made.roles))
    return made.model_dump(mode="json")


async def _invitation_delete(request: VerbRequest) -> Answer:
    request.only("id")
    await request.services.people.invitations.revoke(request.text("id"))
    return {}


async def _key_list(request: VerbRequest) -> Answer:
    query = request.page()
    return request.services.people.keys.page(_TRUSTED, query.cursor, query.limit)


async def _key_create(request: VerbRequest) -> Answer:
    wanted = request.query(KeyBody)
    made = await request.services.people.keys.make(_TRUSTED, wanted.name, wanted.roles, wanted.expires_at)
    note(target=made.id, name=made.name, roles=dict(made.roles))
    return made.model_dump(mode="json")


async def _key_delete(request: VerbRequest) -> Answer:
    request.only("id")
    await request.services.people.keys.delete(_TRUSTED, request.text("id"))
    return {}


VERBS: Verbs = {
    "people.list": _people_list,
    "people.get": _people_get,
    "people.update": _people_update,
    "people.reset": _people_reset,
    "people.delete": _people_delete,
    "invitation.list": _invitation_list,
    "invitation.create": _invitation_create,
    "invitation.delete": _invitation_delete,
    "key.list": _key_list,
    "key.create": _key_create,
    "key.delete": _key_delete,
}
