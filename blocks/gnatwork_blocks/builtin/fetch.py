"""`fetch`: requests a URL."""

import base64
import time
from typing import Annotated, Any, ClassVar, Literal, Self
from urllib.parse import urlencode

import orjson
from pydantic import BaseModel, BeforeValidator, Field, StringConstraints, model_validator

from gnatwork_blocks.content import read_body
from gnatwork_blocks.exchange import DEFAULT_MAX_BYTES, Call, exchange
from gnatwork_blocks.headers import Headers, has
from gnatwork_blocks.sdk import Block, BlockContext
from gnatwork_schemas.duration import PositiveDuration
from gnatwork_schemas.model import StrictModel

#: Methods that a server may carry out once only; with the rest, repetition changes nothing (RFC 9110, 9.2.2).
_NOT_IDEMPOTENT = frozenset({"POST", "PATCH"})
#: The three ways to give a body.
_BODIES = ("json", "form", "body")

_Scalar = str | int | float | bool


def _as_list(value: Any) -> Any:
    """One value is a list of one; null is none."""
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


_Values = Annotated[list[_Scalar], BeforeValidator(_as_list, json_schema_input_type=_Scalar | list[_Scalar] | None)]


class BasicAuth(StrictModel):
    """HTTP basic authentication."""

    username: str
    password: str


class BearerAuth(StrictModel):
    """A bearer token."""

    token: Annotated[str, StringConstraints(min_length=1, pattern=r"^[\x21-\x7E]+$")]


class Fetch(Block):
    """Requests a URL and yields the answer."""

    type = "fetch"
    title = "Fetch"
    summary = "Requests a URL and yields status, headers and body of the answer."
    icon = "globe"
    category = "network"
    capabilities = ("network",)
    examples: ClassVar[tuple[dict[str, Any], ...]] = (
        {"url": "https://example.com/"},
        {
            "url": "https://api.example.com/orders",
            "method": "POST",
            "json": {"item": "{{ input.item }}"},
            "auth": {"token": "{{ input.token }}"},
            "timeout": "10s",
        },
    )

    class Config(
        StrictModel,
        populate_by_name=False,
        json_schema_extra={
            "allOf": [
                {"not": {"required": [one, other]}}
                for one, other in (("json", "form"), ("json", "body"), ("form", "body"))
            ]
        },
    ):
        """The request. At most one of `json`, `form` and `body` is given."""

        url: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)] = Field(
            description="Absolute http or https URL."
        )
        method: Literal["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"] = Field(
            default="GET", description="HTTP method."
        )
        headers: Headers = Field(default_factory=dict, description="Request headers.")
        query: dict[str, _Values] = Field(
            default_factory=dict,
            description="Query parameters, added to those of the URL; a list repeats its name, null leaves it out.",
        )
        json_: Any = Field(default=None, alias="json", description="Sent as JSON.")
        form: dict[str, _Values] | None = Field(
            default=None, description="Sent as a form; a list repeats its name, null leaves it out."
        )
        body: str | None = Field(
            default=None, description="Sent as it is, in UTF-8; `text/plain` unless a header says else."
        )
        auth: BasicAuth | BearerAuth | None = Field(
            default=None, description="`{username, password}` or `{token}`; taken out when a redirect leads elsewhere."
        )
        timeout: PositiveDuration | None = Field(
            default=None, description="For the whole exchange; by default the block's own timeout holds."
        )
        follow_redirects: bool = Field(default=True, description="Follow up to 10 redirects.")
        max_bytes: int = Field(
            default=DEFAULT_MAX_BYTES, ge=1, le=100_000_000, description="Most bytes of the body, decompressed."
        )
        fail_on_status: bool = Field(default=True, description="Whether a status of 400 and above is an error.")

        @model_validator(mode="after")
        def _check(self) -> Self:
            given = [name for name in _BODIES if getattr(self, name.replace("json", "json_")) is not None]
            if len(given) > 1:
                raise ValueError(f"give one of {' and '.join(given)}, not both")
            if self.auth and has(self.headers, "authorization"):
                raise ValueError("give auth or a header Authorization, not both")
            return self

    class Output(BaseModel):
        """The answer."""

        status: int
        ok: bool = Field(description="Whether the status is 200 to 299.")
        url: str = Field(description="Where the answer came from, after redirects.")
        headers: dict[str, str] = Field(description="Names in lower case; repeated ones are joined by commas.")
        body: Any = Field(description="Parsed when it is JSON, text when it is text, else base64; null when empty.")
        body_encoding: Literal["base64"] | None = None
        elapsed_ms: int

    async def run(self, ctx: BlockContext, config: Config) -> dict[str, Any]:
        """Make the request."""
        started = time.monotonic()
        content, headers = _content(config)
        headers |= _auth(config.auth)
        if config.method in _NOT_IDEMPOTENT and not has(headers, "idempotency-key"):
            headers["idempotency-key"] = ctx.idempotency_key
        call = Call(
            method=config.method,
            url=config.url,
            headers=headers,
            query=_urlencoded(config.query),
            content=content,
            timeout=config.timeout,
            follow_redirects=config.follow_redirects,
            max_bytes=config.max_bytes,
            fails=(lambda status: status >= 400) if config.fail_on_status else (lambda _: False),
        )
        answer = await exchange(ctx, call)
        body = read_body(answer.content, answer.headers.get("content-type", ""))
        output = {
            "status": answer.status,
            "ok": 200 <= answer.status < 300,
            "url": answer.url,
            "headers": answer.headers,
            "body": body.value,
            "elapsed_ms": round((time.monotonic() - started) * 1000),
        }
        if body.encoding:
            output["body_encoding"] = body.encoding
        return output


def _content(config: Fetch.Config) -> tuple[bytes | None, dict[str, str]]:
    """The body to send, and the headers with its content type."""
    if "json_" in config.model_fields_set and config.form is None and config.body is None:
        content, content_type = orjson.dumps(config.json_), "application/json"
    elif config.form is not None:
        content, content_type = _urlencoded(config.form), "application/x-www-form-urlencoded"
    elif config.body is not None:
        content, content_type = config.body.encode(), "text/plain; charset=utf-8"
    else:
        return None, dict(config.headers)
    headers = dict(config.headers)
    if not has(headers, "content-type"):
        headers["content-type"] = content_type
    return content, headers


def _urlencoded(fields: dict[str, list[_Scalar]]) -> bytes:
    pairs = [
        (name, str(value).lower() if isinstance(value, bool) else str(value))
        for name, values in fields.items()
        for value in values
    ]
    return urlencode(pairs).encode("ascii")


def _auth(auth: BasicAuth | BearerAuth | None) -> dict[str, str]:
    match auth:
        case BasicAuth():
            pair = base64.b64encode(f"{auth.username}:{auth.password}".encode()).decode("ascii")
            return {"authorization": f"Basic {pair}"}
        case BearerAuth():
            return {"authorization": f"Bearer {auth.token}"}
        case None:
            return {}
