from typing import Any, cast

import pytest

from gnatwork_bus.connection import Connection
from gnatwork_manager.problems import ProblemError
from gnatwork_manager.store_guard import StoreGuard
from gnatwork_schemas.errors import UnavailableError


class Account:
    """An account's storage."""

    def __init__(self, storage: int, limit: int) -> None:
        self.storage = storage
        self.limit = limit
        self.away = False

    async def api(self, subject: str) -> dict[str, Any]:
        assert subject == "INFO"
        if self.away:
            raise UnavailableError
        return {"storage": self.storage, "limits": {"max_storage": self.limit}}


def guard_of(account: Account) -> StoreGuard:
    return StoreGuard(cast("Connection", account))


@pytest.mark.parametrize(("storage", "limit", "full"), [(89, 100, False), (90, 100, True), (10**9, -1, False)])
async def test_refuses_from_ninety_percent_on(storage: int, limit: int, full: bool) -> None:
    guard = guard_of(Account(storage, limit))
    await guard.look()
    if not full:
        guard.check()
        return
    with pytest.raises(ProblemError) as caught:
        guard.check()
    assert (caught.value.code, "90%" in caught.value.detail) == ("engine.store_full", True)


async def test_takes_more_once_there_is_room() -> None:
    account = Account(100, 100)
    guard = guard_of(account)
    await guard.look()
    account.storage = 1
    await guard.look()
    guard.check()


async def test_keeps_what_it_knows_while_nats_is_away() -> None:
    account = Account(100, 100)
    guard = guard_of(account)
    await guard.look()
    account.away = True
    await guard.look()
    with pytest.raises(ProblemError):
        guard.check()
