"""`mailer-send-template`: sends an e-mail made of a template."""

from typing import Any, ClassVar

from pydantic import Field

from gnatwork_blocks.sdk import Block, BlockContext
from gnatwork_mailer.contents import Model, send_template
from gnatwork_mailer.message import Envelope, Sent


class MailerSendTemplate(Block):
    """Sends an e-mail made of a template that Postmark keeps (`POST /email/withTemplate`).

    The service can't tell a repetition, see `mailer-send`.
    """

    type = "mailer-send-template"
    title = "Send a template"
    summary = "Sends an e-mail that a mail service makes of a template."
    icon = "mail-plus"
    category = "mailer"
    capabilities = ("network", "secrets", "side-effects")
    examples: ClassVar[tuple[dict[str, Any], ...]] = (
        {
            "connection": "{{ connections.mail }}",
            "from": "shop@example.com",
            "to": "{{ input.email }}",
            "template": "order-sent",
            "model": {"order": "{{ input.order }}"},
        },
    )

    class Config(Envelope):
        """The template and what it is filled with."""

        template: str | int = Field(description="Alias of the template, or its number.")
        model: Model

    Output = Sent

    async def run(self, ctx: BlockContext, config: Config) -> Sent:
        """Send it."""
        return await send_template(ctx, config, config.template, config.model)
