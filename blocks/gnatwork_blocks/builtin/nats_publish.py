"""`nats-publish`: tells other programs something."""

from typing import Annotated, Any, ClassVar, Self

from pydantic import BaseModel, Field, StringConstraints, model_validator

from gnatwork_blocks.sdk import Block, BlockContext
from gnatwork_blocks.services.content import written
from gnatwork_blocks.services.message_headers import MessageHeaders
from gnatwork_schemas.model import StrictModel


class NatsPublish(Block):
    """Publishes on the NATS server that the installation itself runs on, but never on its own subjects."""

    type = "nats-publish"
    title = "NATS publish"
    summary = "Publishes a message on NATS."
    icon = "radio-tower"
    category = "data"
    capabilities = ("network", "side-effects")
    retryable = ("nats.unavailable", "nats.no_stream", "nats.refused")
    examples: ClassVar[tuple[dict[str, Any], ...]] = (
        {"subject": "orders.paid", "data": {"number": "{{ input.number }}"}},
        {"subject": "orders.paid", "data": "{{ input }}", "headers": {"source": "shop"}, "stream": True},
    )

    class Config(StrictModel):
        """The message."""

        subject: str = Field(
            description="Where to, without wildcards; subjects that Gnatwork or NATS itself uses are refused."
        )
        data: Any = Field(default=None, description="A text is sent as it is, anything else as JSON.")
        headers: MessageHeaders = Field(
            default_factory=dict, description="NATS headers beside `traceparent`; none that NATS itself reads."
        )
        stream: bool = Field(
            default=False,
            description="Whether the message is for a JetStream stream: then the block ends when the stream has stored"
            " it. Else it ends when the server has it, whoever may listen.",
        )
        message_id: Annotated[str, StringConstraints(min_length=1, max_length=255, pattern=r"^[ -~]+$")] | None = Field(
            default=None,
            description="With `stream`: the stream stores a message of this id once within its duplicate window. It is"
            " the task's own unless given, so that no attempt stores it twice.",
        )

        @model_validator(mode="after")
        def _check(self) -> Self:
            if self.message_id is not None and not self.stream:
                raise ValueError("message_id goes with stream")
            return self

    class Output(BaseModel):
        """What became of it."""

        subject: str = Field(description="Where it was sent.")
        stream: str | None = Field(default=None, description="With `stream`: the one that has it.")
        sequence: int | None = Field(default=None, description="With `stream`: its place there.")
        duplicate: bool | None = Field(
            default=None, description="With `stream`: whether that had a message of this id already."
        )

    async def run(self, ctx: BlockContext, config: Config) -> Output:
        """Publish."""
        data = written(config.data)
        if not config.stream:
            await ctx.messages.publish(config.subject, data, config.headers)
            return self.Output(subject=config.subject)
        message_id = config.message_id or ctx.idempotency_key
        stored = await ctx.messages.store(config.subject, data, config.headers, message_id=message_id)
        return self.Output(subject=config.subject, **stored._asdict())
