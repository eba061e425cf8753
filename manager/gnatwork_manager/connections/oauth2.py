"""OAuth2 (RFC 6749) as a client: what is asked of a token endpoint, and what its answers mean."""

import asyncio
import base64
import re
import urllib.parse
from collections.abc import Mapping
from typing import NamedTuple

import httpx
import orjson
from pydantic import ValidationError

from gnatwork_engine.redaction import Redactor
from gnatwork_manager.connections.documents import SealedToken
from gnatwork_manager.egress import AddressRefusedError
from gnatwork_schemas.connections import MIN_SECRET, OAuth2Values
from gnatwork_schemas.errors import GnatworkError
from gnatwork_schemas.model import Model

#: Seconds for a request and its answer.
REQUEST_TIMEOUT = 20.0
#: Bytes of the longest answer.
_MAX_ANSWER = 256 * 1024
#: Characters of what is shown of an error's description.
_MAX_DESCRIPTION = 200
_ERROR = re.compile(r"[a-z_]{1,64}")


class TokenRefusedError(GnatworkError):
    """The token endpoint gave no token, and will not give one to the same request."""

    code = "connection.unauthorized"


class TokenUnavailableError(GnatworkError):
    """The token endpoint can't be had at the moment."""

    code = "connection.token_unavailable"


class Grant(NamedTuple):
    """A token, and for how long it is good, in seconds; None where the service does not say."""

    token: SealedToken
    expires_in: float | None


class _Answer(Model):
    access_token: str
    token_type: str = "Bearer"  # noqa: S105 - a kind of tokens
    expires_in: float | None = None
    refresh_token: str | None = None


def client_grant(values: OAuth2Values) -> dict[str, str]:
    """What is sent for a token of the client itself."""
    return {"grant_type": "client_credentials", **_given(scope=values.scope, audience=values.audience)}


def refresh_grant(refresh_token: str) -> dict[str, str]:
    """What is sent for a new token in the place of one that ends."""
    return {"grant_type": "refresh_token", "refresh_token": refresh_token}


def code_grant(code: str, redirect_uri: str, verifier: str) -> dict[str, str]:
    """What is sent for the first token, once someone has agreed."""
    return {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": redirect_uri,
        "code_verifier": verifier,
    }


def authorize_url(values: OAuth2Values, *, redirect_uri: str, state: str, challenge: str) -> str:
    """Where someone agrees; the challenge is that of PKCE (RFC 7636), `S256`."""
    query = {
        "response_type": "code",
        "client_id": values.client_id,
        "redirect_uri": redirect_uri,
        "state": state,
        "code_challenge": challenge,
        "code_challenge_method": "S256",
        **_given(scope=values.scope, audience=values.audience),
    }
    address = values.authorize_url or ""
    return f"{address}{'&' if '?' in address else '?'}{urllib.parse.urlencode(query)}"


async def ask(http: httpx.AsyncClient, values: OAuth2Values, form: Mapping[str, str]) -> Grant:
    """Ask for a token; TokenRefusedError, TokenUnavailableError, whose texts hold no secret."""
    headers, fields = {"Accept": "application/json"}, dict(form)
    if values.client_secret is None:
        fields["client_id"] = values.client_id
    elif values.client_auth == "basic":
        pair = ":".join(urllib.parse.quote(part, safe="") for part in (values.client_id, values.client_secret))
        headers["Authorization"] = f"Basic {base64.b64encode(pair.encode()).decode()}"
    else:
        fields |= {"client_id": values.client_id, "client_secret": values.client_secret}
    try:
        # Not followed where it redirects: what it carries is for this address alone.
        async with (
            # Over all of it: others wait for this token, and another manager asks for it when that takes too long.
            asyncio.timeout(REQUEST_TIMEOUT),
            http.stream("POST", values.token_url, data=fields, headers=headers, follow_redirects=False) as response,
        ):
            content = await _content(response)
    except AddressRefusedError as error:
        raise TokenRefusedError(error.detail) from None
    except (httpx.HTTPError, httpx.InvalidURL, TimeoutError) as error:
        raise TokenUnavailableError(f"{_origin(values)}: {type(error).__name__}") from None
    secrets = [fields.get(name) for name in ("refresh_token", "code", "code_verifier")]
    redactor = Redactor([secret for secret in (*secrets, values.client_secret) if secret])
    return _read(response.status_code, content, _origin(values), redactor)


async def _content(response: httpx.Response) -> bytes:
    content = b""
    async for chunk in response.aiter_bytes():
        content += chunk
        if len(content) > _MAX_ANSWER:
            raise TokenUnavailableError(f"the answer is longer than {_MAX_ANSWER // 1024} KiB")
    return content


def _read(status: int, content: bytes, origin: str, redactor: Redactor) -> Grant:
    answer = _object(content)
    if status == httpx.codes.TOO_MANY_REQUESTS or status >= httpx.codes.INTERNAL_SERVER_ERROR:
        raise TokenUnavailableError(f"{origin} answered with status {status}")
    # Some services say so with status 200.
    if status != httpx.codes.OK or "error" in answer:
        raise TokenRefusedError(f"{origin} answered with {_reason(status, answer, redactor)}")
    try:
        read = _Answer.model_validate(answer)
    except ValidationError:
        raise TokenRefusedError(f"{origin} answered with something else than a token") from None
    if len(read.access_token) < MIN_SECRET:
        raise TokenRefusedError(
            f"{origin} gave a token of less than {MIN_SECRET} characters, which can't be kept secret"
        )
    token = SealedToken(
        access_token=read.access_token, token_type=read.token_type, refresh_token=read.refresh_token or None
    )
    return Grant(token, read.expires_in if read.expires_in and read.expires_in > 0 else None)


def _object(content: bytes) -> dict[str, object]:
    try:
        answer = orjson.loads(content)
    except orjson.JSONDecodeError:
        return {}
    return answer if isinstance(answer, dict) else {}


def _reason(status: int, answer: Mapping[str, object], redactor: Redactor) -> str:
    error, description = answer.get("error"), answer.get("error_description")
    if not isinstance(error, str) or not _ERROR.fullmatch(error):
        return f"status {status}"
    told = redactor.text(description)[:_MAX_DESCRIPTION] if isinstance(description, str) else ""
    return f"`{error}`: {told}" if told.isprintable() and told else f"`{error}`"


def _origin(values: OAuth2Values) -> str:
    parts = urllib.parse.urlsplit(values.token_url)
    return f"{parts.scheme}://{parts.hostname}{f':{parts.port}' if parts.port else ''}"


def _given(**fields: str | None) -> dict[str, str]:
    return {name: value for name, value in fields.items() if value is not None}
