"""`hook`: calls a webhook, signed by the Standard Webhooks specification."""

import base64
import binascii
from datetime import UTC, datetime
from typing import Annotated, Any, ClassVar, Literal

import orjson
from pydantic import AfterValidator, BaseModel, Field, StringConstraints
from standardwebhooks import Webhook

from gnatwork_blocks.content import read_body
from gnatwork_blocks.errors import BlockError
from gnatwork_blocks.exchange import Call, exchange
from gnatwork_blocks.headers import Headers, has
from gnatwork_blocks.sdk import Block, BlockContext
from gnatwork_schemas.model import StrictModel

_SECRET_PREFIX = "whsec_"  # noqa: S105 - what a secret begins with, not one
_OURS = ("webhook-id", "webhook-timestamp", "webhook-signature")


def _refuse_ours(headers: dict[str, str]) -> dict[str, str]:
    for name in _OURS:
        if has(headers, name):
            raise ValueError(f"the header {name!r} is set by the block")
    return headers


class Hook(Block):
    """Sends JSON to a webhook.

    `webhook-id` is the same over all attempts, so that the receiver can tell a repetition. Redirects are not followed
    and count as failures, as the specification has it.
    """

    type = "hook"
    title = "Hook"
    summary = "Calls a webhook with a JSON body, signed if there is a secret."
    icon = "webhook"
    category = "network"
    capabilities = ("network", "side-effects", "secrets")
    examples: ClassVar[tuple[dict[str, Any], ...]] = (
        {"url": "https://example.com/hooks/news", "body": "{{ news }}"},
        {"url": "https://example.com/hooks/news", "body": {"n": 1}, "secret": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"},
    )

    class Config(StrictModel):
        """The call."""

        url: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)] = Field(
            description="Absolute http or https URL."
        )
        method: Literal["POST", "PUT", "PATCH"] = Field(default="POST", description="HTTP method.")
        headers: Annotated[Headers, AfterValidator(_refuse_ours)] = Field(
            default_factory=dict, description="Request headers."
        )
        body: Any = Field(default_factory=dict, description="Sent as JSON.")
        secret: str | None = Field(
            default=None, description="Signs the call: `whsec_` and base64 of 24 to 64 bytes (Standard Webhooks)."
        )

    class Output(BaseModel):
        """The answer."""

        status: int
        body: Any = Field(description="Parsed when it is JSON, text when it is text, else base64; null when empty.")
        body_encoding: Literal["base64"] | None = None

    async def run(self, ctx: BlockContext, config: Config) -> dict[str, Any]:
        """Make the call; any status but 200 to 299 is an error."""
        content = orjson.dumps(config.body)
        headers = dict(config.headers)
        if not has(headers, "content-type"):
            headers["content-type"] = "application/json"
        headers |= _signature(ctx.idempotency_key, datetime.now(UTC), content, config.secret)
        call = Call(
            method=config.method,
            url=config.url,
            headers=headers,
            content=content,
            fails=lambda status: not 200 <= status < 300,
        )
        answer = await exchange(ctx, call)
        body = read_body(answer.content, answer.headers.get("content-type", ""))
        output = {"status": answer.status, "body": body.value}
        return output | {"body_encoding": body.encoding} if body.encoding else output


def _signature(message_id: str, now: datetime, content: bytes, secret: str | None) -> dict[str, str]:
    headers = {"webhook-id": message_id, "webhook-timestamp": str(int(now.timestamp()))}
    if secret is not None:
        headers["webhook-signature"] = Webhook(_key(secret)).sign(message_id, now, content.decode())
    return headers


def _key(secret: str) -> bytes:
    text = secret.removeprefix(_SECRET_PREFIX).rstrip("=")
    try:
        key = base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if not secret.startswith(_SECRET_PREFIX) or not 24 <= len(key) <= 64:
        raise BlockError("hook.invalid_secret", "The secret must be `whsec_` followed by base64 of 24 to 64 bytes.")
    return key
