"""The types of connections: how their values are read, and what templates can mention of them."""

import base64
from collections.abc import Mapping
from typing import Any

from pydantic import TypeAdapter, ValidationError

from gnatwork_manager.connections.documents import SealedToken
from gnatwork_manager.problems import ProblemError, faults_of
from gnatwork_schemas.connections import VALUES, CustomValues, ResolvedConnection

_CUSTOM = TypeAdapter(CustomValues)
#: Characters of all values of a connection together: they are one message, sealed.
_MAX_SIZE = 256 * 1024

#: What templates can mention, by type; a mail server has a user only where it was given one.
_OFFERS: Mapping[str, tuple[str, ...]] = {
    "header": ("name", "value"),
    "basic": ("username", "password", "authorization"),
    "bearer": ("token", "authorization"),
    "oauth2": ("token", "authorization"),
    "smtp": ("host", "port", "username", "password", "tls"),
}
#: And where the service is, of those that may say so.
_BASE_URL = "base_url"
#: Which of them must never be seen.
_SECRET: Mapping[str, tuple[str, ...]] = {
    "header": ("value",),
    "basic": ("password", "authorization"),
    "bearer": ("token", "authorization"),
    "oauth2": ("token", "authorization"),
    "smtp": ("password",),
}


def read_values(type_: str, values: Mapping[str, Any]) -> dict[str, Any]:
    """The values of a connection of one of the engine's own types, checked, without those that are null.

    Raises ProblemError, which never holds a value.
    """
    model = VALUES[type_]
    try:
        given = dict(values)
        read = (
            _CUSTOM.validate_python(given, strict=True) if model is None else model.model_validate(given).model_dump()
        )
    except ValidationError as error:
        found = error.errors(include_url=False, include_input=False)
        faults = tuple(
            fault.model_copy(update={"pointer": f"/values{fault.pointer}", "code": "connection.invalid"})
            for fault in faults_of(found, skip=0)
        )
        first = f"at {faults[0].pointer}: {faults[0].message}"
        raise ProblemError("connection.invalid", first, errors=faults) from None
    check_size(read)
    return {name: value for name, value in read.items() if value is not None}


def check_size(values: Mapping[str, Any]) -> None:
    """Raise ProblemError for values that are too large together."""
    if sum(len(str(value)) for value in values.values()) > _MAX_SIZE:
        raise ProblemError("connection.invalid", f"the values have more than {_MAX_SIZE // 1024} Ki characters in all")


def offers(type_: str, given: tuple[str, ...]) -> tuple[str, ...]:
    """What templates can mention of a connection with these values; of types that are not the engine's own, all."""
    match type_:
        case "smtp":
            return tuple(name for name in _OFFERS[type_] if name in given)
        case _ if type_ in _OFFERS:
            return (*_OFFERS[type_], *(name for name in given if name == _BASE_URL))
        case _:
            return given


def resolved(type_: str, values: Mapping[str, Any], token: SealedToken | None = None) -> ResolvedConnection:
    """What an executor gets; of `oauth2` the token, and nothing that it was had with."""
    found: dict[str, Any] = dict(values)
    match type_:
        case "basic":
            pair = f"{values['username']}:{values['password']}".encode()
            found["authorization"] = f"Basic {base64.b64encode(pair).decode()}"
        case "bearer":
            found["authorization"] = f"Bearer {values['token']}"
        case "oauth2":
            found = _of_token(token) if token else {}
            found |= {name: value for name, value in values.items() if name == _BASE_URL}
        case _:
            pass
    secret = tuple(found) if type_ == "custom" else tuple(name for name in _SECRET[type_] if found.get(name))
    if type_ == "basic" and not values["password"]:
        secret += ("username",)
    return ResolvedConnection(values=found, secret=secret)


def _of_token(token: SealedToken) -> dict[str, Any]:
    # Many services answer `bearer` and then want to see `Bearer`.
    kind = "Bearer" if token.token_type.lower() == "bearer" else token.token_type
    return {"token": token.access_token, "authorization": f"{kind} {token.access_token}"}
