"""What a client does for whoever uses it: registering, logging in, passwords."""

from typing import Any

from gnatwork.logins import Login
from gnatwork.transport import Call, Transport
from gnatwork_schemas.people import Caller, Person, Tokens


class AccountMethods:
    """The methods of a client that are about its user. Over HTTP only: over NATS nobody logs in."""

    _transport: Transport

    async def register(self, email: str, password: str, *, name: str = "", invitation: str | None = None) -> Person:
        """Make an account; the first one is the admin of everything, all others need an invitation.

        Raises:
            RequestError: the invitation is missing or not good, the password is too short, or there is one already.
        """
        body: dict[str, Any] = {"email": email, "password": password, "name": name}
        if invitation is not None:
            body["invitation"] = invitation
        return Person.model_validate(await self._transport.call(_auth("register", "POST", body)))

    async def login(self, email: str, password: str) -> Login:
        """Log in: from now on requests are this person's, whose tokens are renewed as needed.

        Raises:
            RequestError: one of the two is wrong, or there were too many tries.
        """
        answer = await self._transport.call(_auth("login", "POST", {"email": email, "password": password}))
        return self._log_in(answer)

    async def logout(self) -> None:
        """End the session; requests are refused from now on."""
        await self._transport.call(_auth("logout", "POST"))

    async def me(self) -> Caller:
        """Who requests come from, and their roles."""
        return Caller.model_validate(await self._transport.call(_auth("me", "GET")))

    async def change_password(self, current: str, new: str) -> Login:
        """Give oneself a new password, which ends all other sessions.

        Raises:
            RequestError: the current one is wrong, or the new one is too short.
        """
        return self._log_in(await self._transport.call(_auth("password", "PUT", {"current": current, "new": new})))

    def _log_in(self, answer: Any) -> Login:
        login = Login.of(Tokens.model_validate(answer))
        self._transport.log_in(login, None)
        return login


def _auth(what: str, method: str, body: dict[str, Any] | None = None) -> Call:
    return Call(verb=f"auth.{what}", method=method, path=f"/auth/{what}", body=body)
