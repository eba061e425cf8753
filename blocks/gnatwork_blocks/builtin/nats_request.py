"""`nats-request`: asks another program something."""

from typing import Annotated, Any, ClassVar

from pydantic import BaseModel, Field

from gnatwork_blocks.sdk import Block, BlockContext, BlockError
from gnatwork_blocks.services.content import read, written
from gnatwork_blocks.services.message_headers import MessageHeaders
from gnatwork_schemas.duration import PositiveDuration
from gnatwork_schemas.header_names import SERVICE_ERROR, SERVICE_ERROR_CODE
from gnatwork_schemas.model import StrictModel


class NatsRequest(Block):
    """Asks a program that listens on the NATS server of the installation, such as a NATS micro service."""

    type = "nats-request"
    title = "NATS request"
    summary = "Sends a request on NATS and waits for the answer."
    icon = "messages-square"
    category = "data"
    capabilities = ("network", "side-effects")
    retryable = ("nats.unavailable", "nats.no_responders", "nats.timeout")
    examples: ClassVar[tuple[dict[str, Any], ...]] = (
        {"subject": "prices.get", "data": {"sku": "{{ input.sku }}"}, "timeout": "2s"},
    )

    class Config(StrictModel):
        """The request."""

        subject: str = Field(
            description="Where to, without wildcards; subjects that Gnatwork or NATS itself uses are refused."
        )
        data: Any = Field(default=None, description="A text is sent as it is, anything else as JSON.")
        headers: MessageHeaders = Field(
            default_factory=dict, description="NATS headers beside `traceparent`; none that NATS itself reads."
        )
        timeout: Annotated[PositiveDuration, Field(le=3600)] = Field(
            default=5.0, description="How long to wait for the answer; less than the `timeout` of the block."
        )

    class Output(BaseModel):
        """The answer."""

        data: Any = Field(description="Its JSON, or its text; base64 of what is neither; null for nothing.")
        data_encoding: str | None = Field(default=None, description="`base64` where `data` is that.")
        headers: dict[str, str] = Field(description="Its headers.")

    async def run(self, ctx: BlockContext, config: Config) -> Output:
        """Ask."""
        reply = await ctx.messages.request(config.subject, written(config.data), config.headers, timeout=config.timeout)
        if SERVICE_ERROR in reply.headers or SERVICE_ERROR_CODE in reply.headers:
            raise _service_error(reply.headers.get(SERVICE_ERROR, ""), reply.headers.get(SERVICE_ERROR_CODE, ""))
        content = read(reply.data)
        return self.Output(data=content.value, data_encoding=content.encoding, headers=dict(reply.headers))


def _service_error(text: str, code: str) -> BlockError:
    """The error of a NATS micro service; its codes are mostly those of HTTP."""
    passing = code == "429" or (len(code) == 3 and code.startswith("5"))
    message = f"The service answers with the error {code} {text}".rstrip() + "."
    return BlockError("nats.service_error", message, retryable=passing, details={"code": code, "text": text})
