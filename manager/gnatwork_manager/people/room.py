"""People, invitations, keys and who calls: put together once."""

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass

from gnatwork_bus.connection import Connection
from gnatwork_bus.kv import Bucket
from gnatwork_bus.patience import until_available
from gnatwork_manager.people.accounts import Accounts
from gnatwork_manager.people.directory import Directory
from gnatwork_manager.people.identity import Identity
from gnatwork_manager.people.invitations import Invitations
from gnatwork_manager.people.keys import ApiKeys
from gnatwork_manager.people.passwords import Passwords
from gnatwork_manager.people.people import People
from gnatwork_manager.people.sessions import Sessions
from gnatwork_manager.people.signing import signing_key
from gnatwork_manager.people.throttle import Throttle
from gnatwork_manager.settings import ManagerSettings
from gnatwork_schemas import subjects


@dataclass(frozen=True, kw_only=True, slots=True)
class PeopleRoom:
    """What the endpoints of people call."""

    identity: Identity
    directory: Directory
    people: People
    invitations: Invitations
    keys: ApiKeys
    accounts: Accounts


@contextlib.asynccontextmanager
async def open_people(connection: Connection, state: Bucket, settings: ManagerSettings) -> AsyncIterator[PeopleRoom]:
    """All of it, as of now; `directory.follow` keeps it so.

    Raises:
        SealError, SecretKeysError: The key of access tokens can't be opened with the secret keys.
    """
    vault, clock = Bucket(connection, subjects.CONNECTIONS_BUCKET), settings.clock
    key = await until_available(lambda: signing_key(vault, settings.secret_keys))
    directory = Directory(connection, state)
    await until_available(directory.refresh)
    people, invitations = People(state, directory), Invitations(state, directory, clock)
    sessions, keys = Sessions(state, directory, key, clock), ApiKeys(state, directory, clock)
    with Passwords(settings.hashing) as passwords:
        yield PeopleRoom(
            identity=Identity(token=settings.token, directory=directory, signing_key=key, clock=clock, used=keys.used),
            directory=directory,
            people=people,
            invitations=invitations,
            keys=keys,
            accounts=Accounts(
                state=state,
                people=people,
                invitations=invitations,
                sessions=sessions,
                passwords=passwords,
                throttle=Throttle(state, clock),
                clock=clock,
            ),
        )
