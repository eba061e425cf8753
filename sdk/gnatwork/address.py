"""Where Gnatwork is: told, in the environment, or in the `connection.json` that `gnatwork up` writes."""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from gnatwork.credentials import Credentials
from gnatwork.errors import AddressError
from gnatwork.logins import Keeper, Login

#: Where `gnatwork up` keeps its data unless told otherwise.
DEFAULT_DATA_DIR = Path(".gnatwork")


@dataclass(frozen=True, kw_only=True)
class Address:
    """How to reach one installation."""

    #: Base URL of the manager, without `/api/v1`.
    api: str | None = None
    #: URL of NATS with all that it takes to connect.
    nats: str | None = None
    #: For `api`: an API key, an access token or the installation's own token.
    token: str | None = None
    #: Of someone who has logged in at `api`, where there is no token, and where it is kept.
    login: Login | None = None
    keeper: Keeper | None = None


def find_address(
    *,
    api: str | None = None,
    nats: str | None = None,
    token: str | None = None,
    data_dir: str | Path | None = None,
    environment: Mapping[str, str] = os.environ,
) -> Address:
    """What is given, else what the environment says, else what `connection.json` in the data directory says.

    That is `data_dir`, else GNATWORK_DATA_DIR of the environment, else `.gnatwork`. The file's token is for the file's
    address: it goes along with no other. Where there is no token, whoever has logged in at the address (`gnatwork auth
    login`) is taken from `credentials.json` beside it.

    Raises:
        AddressError: none of them says where the manager is, or the file can't be read.
    """
    api = api or environment.get("GNATWORK_API")
    nats = nats or environment.get("GNATWORK_NATS")
    token = token or environment.get("GNATWORK_TOKEN")
    directory = Path(data_dir or environment.get("GNATWORK_DATA_DIR") or DEFAULT_DATA_DIR)
    if api or nats:
        return _with_login(Address(api=api, nats=nats, token=token), directory)
    path = directory / "connection.json"
    try:
        stored = json.loads(path.read_text())
        found = Address(api=stored["api"], nats=stored["nats"], token=token or stored["token"] or None)
    except FileNotFoundError:
        raise AddressError(f"there is no {path}") from None
    except OSError as error:
        raise AddressError(f"{path} can't be read: {error.strerror}") from error
    except (ValueError, KeyError, TypeError) as error:
        raise AddressError(f"{path} can't be read: {error}") from error
    return _with_login(found, directory)


def _with_login(address: Address, directory: Path) -> Address:
    """The address with the login that there is for it, if it has no token."""
    if address.api is None or address.token is not None:
        return address
    keeper = Credentials(directory, address.api)
    return replace(address, login=keeper.load(), keeper=keeper)
