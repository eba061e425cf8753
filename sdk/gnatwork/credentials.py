"""`credentials.json`: the logins of whoever works on this machine, by the address of the manager."""

import asyncio
import contextlib
import fcntl
import json
import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from gnatwork.errors import AddressError
from gnatwork.logins import Login

_NAME = "credentials.json"


class Credentials:
    """The login for one manager; only the owner of the file can read it."""

    def __init__(self, data_dir: Path, api: str) -> None:
        self._path = data_dir / _NAME
        self._api = api.rstrip("/")

    def load(self) -> Login | None:
        """The login, if there is one. Raises AddressError for a file that can't be read."""
        kept = self._read().get(self._api)
        try:
            return None if kept is None else Login(**kept)
        except TypeError as error:
            raise AddressError(f"{self._path} can't be read: {error}") from error

    def keep(self, login: Login) -> None:
        """Keep a login in the place of the one before."""
        self._write({**self._read(), self._api: login._asdict()})

    def forget(self) -> None:
        """Keep the login no longer."""
        if self.load() is not None:
            self._write({api: login for api, login in self._read().items() if api != self._api})

    @contextlib.asynccontextmanager
    async def exchanging(self) -> AsyncIterator[Login | None]:
        """The login; no other program exchanges it for as long as the context lasts."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with self._path.with_suffix(".lock").open("w") as lock:
            await asyncio.to_thread(fcntl.flock, lock, fcntl.LOCK_EX)
            yield self.load()

    def _read(self) -> dict[str, Any]:
        try:
            stored = json.loads(self._path.read_text())
        except FileNotFoundError:
            return {}
        except (OSError, ValueError) as error:
            raise AddressError(f"{self._path} can't be read: {error}") from error
        return stored if isinstance(stored, dict) else {}

    def _write(self, logins: dict[str, Any]) -> None:
        """Whole or not at all."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        fresh = self._path.with_suffix(".new")
        fresh.unlink(missing_ok=True)
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            json.dump(logins, file, indent=2)
            file.write("\n")
        fresh.replace(self._path)
