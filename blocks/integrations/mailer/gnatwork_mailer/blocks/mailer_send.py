"""`mailer-send`: sends an e-mail."""

from typing import Any, ClassVar, Self

from pydantic import model_validator

from gnatwork_blocks.sdk import Block, BlockContext
from gnatwork_mailer.contents import Written, send_written
from gnatwork_mailer.message import Sent


class MailerSend(Block):
    """Sends an e-mail through Postmark (`POST /email`).

    The service can't tell a repetition: a message whose answer got lost is sent again by another attempt. Without
    `retry` there is none, and with `"idempotent": false` none either when its executor vanishes.
    """

    type = "mailer-send"
    title = "Send an e-mail"
    summary = "Sends an e-mail through a mail service."
    icon = "mail"
    category = "mailer"
    capabilities = ("network", "secrets", "side-effects")
    examples: ClassVar[tuple[dict[str, Any], ...]] = (
        {
            "connection": "{{ connections.mail }}",
            "from": "Shop <shop@example.com>",
            "to": "{{ input.email }}",
            "subject": "Your order {{ input.order }}",
            "text": "It is on its way.",
        },
    )

    class Config(Written):
        """The message. It has a `text`, `html`, or both."""

        @model_validator(mode="after")
        def _check(self) -> Self:
            if not self.text and not self.html:
                raise ValueError("give `text`, `html`, or both")
            return self

    Output = Sent

    async def run(self, ctx: BlockContext, config: Config) -> Sent:
        """Send it."""
        return await send_written(ctx, config)
