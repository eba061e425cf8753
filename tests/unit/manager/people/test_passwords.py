"""Passwords: what is stored of them, and that not too many are hashed at once."""

import asyncio

from gnatwork_manager.people.passwords import Passwords
from gnatwork_manager.problems import ProblemError


async def test_a_password_is_the_one_that_was_hashed_or_not() -> None:
    with Passwords() as passwords:
        stored = await passwords.hash("correct horse")
        assert "correct" not in stored
        assert await passwords.verify(stored, "correct horse")
        assert not await passwords.verify(stored, "correct horsf")
        assert not await passwords.verify(None, "correct horse")
        assert not await passwords.verify("no hash", "correct horse")
        assert not passwords.is_outdated(stored)
        assert passwords.is_outdated("$argon2id$v=19$m=8,t=1,p=1$c29tZXNhbHQ$NpZGHZ8H6pE")


async def test_with_nobody_a_password_is_compared_in_earnest() -> None:
    """So that it takes as long: a hash that argon2 can't read would be refused at once."""
    with Passwords() as passwords:
        stored = await passwords.hash("correct horse")
        nobody = passwords._nobody
        assert nobody.split("$")[:4] == stored.split("$")[:4]
        assert [len(part) for part in nobody.split("$")] == [len(part) for part in stored.split("$")]


async def test_beyond_a_bound_callers_are_told_to_come_back() -> None:
    with Passwords() as passwords:
        tasks = [asyncio.create_task(passwords.hash("x")) for _ in range(40)]
        refused, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_EXCEPTION)
        errors = [task.exception() for task in refused]
    await asyncio.gather(*tasks, return_exceptions=True)
    assert len(errors) == 6
    assert all(
        isinstance(one, ProblemError) and one.code == "auth.busy" and one.headers["Retry-After"] for one in errors
    )
