"""`send-email`: sends an e-mail that is written out, or made of a template."""

from typing import Any, ClassVar, Self

from pydantic import Field, model_validator

from gnatwork_blocks.sdk import Block, BlockContext
from gnatwork_mailer.contents import Model, Written, send_template, send_written
from gnatwork_mailer.message import Sent


class SendEmail(Block):
    """Sends an e-mail through Postmark: of a `template` that it keeps, or with a `text` or `html` of its own.

    It is what other systems call `send_email`: `mailer-send` and `mailer-send-template` in one. The service can't tell
    a repetition, see `mailer-send`.
    """

    type = "send-email"
    title = "Send e-mail"
    summary = "Sends an e-mail, written out or made of a template, through a mail service."
    icon = "mail"
    category = "mailer"
    capabilities = ("network", "secrets", "side-effects")
    examples: ClassVar[tuple[dict[str, Any], ...]] = (
        {
            "connection": "{{ connections.mailer }}",
            "to": "{{ input.customer.email }}",
            "template": "big-order",
            "model": {"total": "{{ input.total }}"},
        },
        {
            "connection": "{{ connections.mailer }}",
            "from": "Shop <shop@example.com>",
            "to": "{{ input.customer.email }}",
            "subject": "Your order {{ input.order }}",
            "text": "It is on its way.",
        },
    )

    class Config(Written):
        """The message. It has either a `template`, or a `text`, `html` or both."""

        template: str | int | None = Field(default=None, description="Alias of the template, or its number.")
        model: Model

        @model_validator(mode="after")
        def _check(self) -> Self:
            written = bool(self.subject or self.text or self.html)
            if self.template is None and not (self.text or self.html):
                raise ValueError("give a `template`, or `text`, `html` or both")
            if self.template is not None and written:
                raise ValueError("a `template` has a subject and a text of its own; give one of the two")
            if self.template is None and self.model:
                raise ValueError("`model` fills a `template`, and there is none")
            return self

    Output = Sent

    async def run(self, ctx: BlockContext, config: Config) -> Sent:
        """Send it."""
        if config.template is None:
            return await send_written(ctx, config)
        return await send_template(ctx, config, config.template, config.model)
