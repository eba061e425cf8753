"""Passwords: which ones are taken, and how they are hashed without holding anything else up."""

import asyncio
import base64
import contextlib
import secrets
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Self, TypeVar

from argon2 import Parameters, PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from argon2.profiles import RFC_9106_LOW_MEMORY

from gnatwork_manager.people.records import folded
from gnatwork_manager.problems import ProblemError, invalid

_T = TypeVar("_T")

SHORTEST, LONGEST = 10, 256
#: Hashes at once: each takes a core or more for a tenth of a second, and 64 MiB.
_THREADS = 2
#: Hashes that may wait for their turn; beyond, callers are told to come back.
_WAITING = 32


def check_password(password: object, email: str, pointer: str = "/password") -> str:
    """A password that someone wants to have; ProblemError when it is not taken."""
    if not isinstance(password, str) or not SHORTEST <= len(password) <= LONGEST:
        raise invalid(pointer, f"a password has {SHORTEST} to {LONGEST} characters")
    if folded(password) == folded(email):
        raise invalid(pointer, "a password is not the e-mail address")
    return password


class Passwords:
    """Hashes passwords in threads of their own, as argon2id."""

    def __init__(self, costs: Parameters = RFC_9106_LOW_MEMORY) -> None:
        self._hasher = PasswordHasher.from_parameters(costs)
        self._threads = ThreadPoolExecutor(_THREADS, "passwords")
        self._waiting = 0
        #: What is compared with when there is nothing to compare with, so that it takes as long.
        self._nobody = _of_nobody(self._hasher)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self._threads.shutdown(cancel_futures=True)

    async def hash(self, password: str) -> str:
        """What to store of a password; ProblemError `auth.busy`."""
        return await self._run(lambda: self._hasher.hash(password))

    async def verify(self, stored: str | None, password: str) -> bool:
        """Whether it is the password of which this is stored; takes as long for None. ProblemError `auth.busy`."""
        return await self._run(lambda: self._verify(stored or self._nobody, password)) and stored is not None

    def is_outdated(self, stored: str) -> bool:
        """Whether a password is to be hashed anew, because it would be hashed otherwise today."""
        return self._hasher.check_needs_rehash(stored)

    def _verify(self, stored: str, password: str) -> bool:
        try:
            return self._hasher.verify(stored, password)
        except (VerificationError, InvalidHashError):
            return False

    async def _run(self, work: Callable[[], _T]) -> _T:
        with self._room():
            return await asyncio.get_running_loop().run_in_executor(self._threads, work)

    @contextlib.contextmanager
    def _room(self) -> Iterator[None]:
        if self._waiting >= _THREADS + _WAITING:
            raise ProblemError("auth.busy", headers={"Retry-After": "2"})
        self._waiting += 1
        try:
            yield
        finally:
            self._waiting -= 1


def _of_nobody(hasher: PasswordHasher) -> str:
    """The hash of no password, made without hashing: a manager is to start at once."""
    costs = f"m={hasher.memory_cost},t={hasher.time_cost},p={hasher.parallelism}"
    salt, hashed = (
        base64.b64encode(secrets.token_bytes(size)).decode().rstrip("=") for size in (hasher.salt_len, hasher.hash_len)
    )
    return f"$argon2id$v=19${costs}${salt}${hashed}"
