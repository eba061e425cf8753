"""What is sent to the endpoints of people: checked as it comes in, and described in the OpenAPI document."""

import re
from typing import Annotated, TypeVar

from pydantic import AfterValidator, BaseModel, Field, ValidationError
from starlette.requests import Request

from gnatwork_manager.bodies import parse_json
from gnatwork_manager.listing import Time
from gnatwork_manager.people.passwords import LONGEST, SHORTEST
from gnatwork_manager.problems import ProblemError, faults_of
from gnatwork_schemas.model import StrictModel
from gnatwork_schemas.people import Roles

_Body = TypeVar("_Body", bound=BaseModel)

_ADDRESS = re.compile(r"[^@\s\x00-\x1f\x7f]+@[^@\s\x00-\x1f\x7f]+")
_MAX_ROLES = 100
#: Bytes of a body: some of these are sent by whoever likes to.
_LARGEST = 64 * 1024


def is_address(text: str) -> bool:
    """Whether something looks like an e-mail address."""
    return _ADDRESS.fullmatch(text) is not None


def _address(text: str) -> str:
    text = text.strip()
    if not is_address(text):
        raise ValueError("that is no e-mail address")
    return text


def _some(roles: Roles) -> Roles:
    if not roles:
        raise ValueError('name at least one, e.g. {"default": "editor"}')
    return roles


Email = Annotated[str, Field(min_length=3, max_length=254), AfterValidator(_address)]
#: What people call someone or something.
Called = Annotated[str, Field(max_length=200, pattern=r"^[^\x00-\x1f\x7f]*$")]
#: A password that someone wants to have.
NewPassword = Annotated[str, Field(min_length=SHORTEST, max_length=LONGEST)]
#: Something secret that is compared with what is known; longer than all of those it need not be.
Secret = Annotated[str, Field(max_length=1024)]
GivenRoles = Annotated[Roles, Field(max_length=_MAX_ROLES), AfterValidator(_some)]


class Registration(StrictModel):
    """Who wants an account."""

    email: Email
    name: Called = ""
    #: 10 to 256 characters, not the e-mail address.
    password: NewPassword
    #: The token of an invitation; only the first to register needs none.
    invitation: Secret | None = None


class Login(StrictModel):
    """Who wants to log in."""

    email: Annotated[str, Field(max_length=254)]
    password: Secret


class Refresh(StrictModel):
    """What to get the next tokens with."""

    refresh_token: Secret


class PasswordChange(StrictModel):
    """A new password for oneself."""

    current: Secret
    #: 10 to 256 characters, not the e-mail address.
    new: NewPassword


class PasswordReset(StrictModel):
    """A new password for someone else."""

    #: 10 to 256 characters, not the e-mail address.
    password: NewPassword


class InvitationBody(StrictModel):
    """Whom to invite, and what they may do."""

    #: Who alone may accept; whoever has the token unless given.
    email: Email | None = None
    #: By namespace, `*` being all of them.
    roles: GivenRoles


class PersonChange(StrictModel):
    """What is to be different; what is not given stays."""

    name: Called | None = None
    #: All of them: these take the place of those there are.
    roles: Annotated[Roles, Field(max_length=_MAX_ROLES)] | None = None
    disabled: bool | None = None


class KeyBody(StrictModel):
    """The key to be made."""

    name: Annotated[Called, Field(min_length=1)]
    #: What it may do, no more than you; the same as you unless given.
    roles: GivenRoles | None = None
    #: RFC 3339, or Unix seconds; never unless given.
    expires_at: Time | None = None


async def read(model: type[_Body], request: Request) -> _Body:
    """The body of a request, checked; ProblemError with the place of each mistake, and nothing of what was sent."""
    data = bytearray()
    async for chunk in request.stream():
        data += chunk
        if len(data) > _LARGEST:
            raise ProblemError("request.too_large", f"the body has more than {_LARGEST} bytes")
    try:
        return model.model_validate(parse_json(bytes(data)))
    except ValidationError as error:
        faults = faults_of(error.errors(include_url=False, include_input=False), skip=0)
        first = f"{faults[0].pointer.lstrip('/')}: {faults[0].message}".removeprefix(": ")
        raise ProblemError("request.invalid", first, errors=faults) from None
