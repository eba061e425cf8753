"""Whose credentials are whose."""

import hmac

from gnatwork_manager.auth import bad_token
from gnatwork_manager.people.principal import TOKEN_ROLES, Principal

_WHOEVER_HAS_THE_TOKEN = Principal(kind="token", roles=TOKEN_ROLES)


class Identity:
    """Finds out who has sent a token. Takes the same time however wrong a token is."""

    def __init__(self, token: str) -> None:
        self._token = token.encode()

    async def identify(self, token: bytes) -> Principal:
        """Who has sent it; ProblemError `auth.invalid` when it is nobody's."""
        if hmac.compare_digest(token, self._token):
            return _WHOEVER_HAS_THE_TOKEN
        raise bad_token()
