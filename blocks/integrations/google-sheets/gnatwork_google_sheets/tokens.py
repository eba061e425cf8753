"""Tokens of service accounts (RFC 7523): https://developers.google.com/identity/protocols/oauth2/service-account."""

import time
from collections import OrderedDict
from collections.abc import Callable
from hashlib import sha256
from importlib import import_module
from typing import Any, NamedTuple

from gnatwork_blocks.json_api import JsonApi
from gnatwork_blocks.sdk import BlockContext, BlockError

#: What the tokens are for.
SCOPE = "https://www.googleapis.com/auth/spreadsheets"
_GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
#: Seconds: how long an assertion is good for, the most that Google takes; and how long before its end a token is not
#: used any more.
_LIFE, _LEFT = 3600, 60
#: Tokens that are kept.
_MOST = 100


class Account(NamedTuple):
    """A service account."""

    email: str
    private_key: str
    token_uri: str


class _Token(NamedTuple):
    text: str
    #: Unix seconds.
    until: float


class Tokens:
    """Those of the accounts that a process has used lately: each is good for an hour, and kept in memory alone."""

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._kept: OrderedDict[bytes, _Token] = OrderedDict()

    async def get(self, ctx: BlockContext, account: Account) -> str:
        """The token of an account; BlockError as `JsonApi.call`, and `block.config_invalid` for a key that is none."""
        key, now = _digest(account), self._clock()
        kept = self._kept.get(key)
        if kept is None or kept.until - now < _LEFT:
            kept = self._kept[key] = await _asked(ctx, account, now)
            while len(self._kept) > _MOST:
                self._kept.popitem(last=False)
        self._kept.move_to_end(key)
        return kept.text

    def forget(self, account: Account) -> None:
        """A token is not taken any more."""
        self._kept.pop(_digest(account), None)


def _digest(account: Account) -> bytes:
    return sha256("\0".join(account).encode()).digest()


async def _asked(ctx: BlockContext, account: Account, now: float) -> _Token:
    api = JsonApi(ctx=ctx, service="Google", base_url=account.token_uri, says=_says)
    answer = await api.call(
        "POST", account.token_uri, form={"grant_type": _GRANT, "assertion": _assertion(account, now)}
    )
    json = answer.json if isinstance(answer.json, dict) else {}
    token, seconds = json.get("access_token"), json.get("expires_in")
    if not isinstance(token, str) or not isinstance(seconds, int | float):
        raise api.unexpected("no token")
    return _Token(token, now + seconds)


def _assertion(account: Account, now: float) -> str:
    """Loaded with the first use: cryptography takes memory that an executor without such tasks never needs."""
    jwt = import_module("jwt")
    claims = {
        "iss": account.email,
        "scope": SCOPE,
        "aud": account.token_uri,
        "iat": int(now),
        "exp": int(now) + _LIFE,
    }
    # As it stands in the JSON of a key, where a line ends in two characters.
    key = account.private_key.replace("\\n", "\n")
    try:
        return str(jwt.encode(claims, key, algorithm="RS256"))
    except (jwt.exceptions.PyJWTError, ValueError, TypeError):
        # The library's own words may hold a part of the key.
        message = "The private key of the connection can't be used; it is the `private_key` of a service account."
        raise BlockError("block.config_invalid", message) from None


def _says(json: Any) -> str | None:
    if not isinstance(json, dict) or not isinstance(json.get("error"), str):
        return None
    words = (json["error"], json.get("error_description"))
    return ": ".join(word for word in words if isinstance(word, str))
