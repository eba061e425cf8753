"""What messages say: something of their own, or a template of the service filled in."""

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import Field

from gnatwork_blocks.sdk import BlockContext
from gnatwork_mailer.message import Envelope, Sent, send

Model = Annotated[dict[str, Any], Field(default_factory=dict, description="What stands in the template's blanks.")]


class Written(Envelope):
    """A message with what it says."""

    subject: str = Field(default="", max_length=2000, description="Subject.")
    text: str | None = Field(default=None, max_length=5_000_000, description="The message as text.")
    html: str | None = Field(default=None, max_length=5_000_000, description="The message as HTML.")


async def send_written(ctx: BlockContext, message: Written) -> Sent:
    """Send a message as it is written; errors as those of `send`."""
    fields = {"Subject": message.subject, "TextBody": message.text, "HtmlBody": message.html}
    return await send(ctx, message, "email", fields)


async def send_template(ctx: BlockContext, envelope: Envelope, template: str | int, model: Mapping[str, Any]) -> Sent:
    """Send what a template says with its blanks filled in; errors as those of `send`."""
    by = "TemplateId" if isinstance(template, int) else "TemplateAlias"
    return await send(ctx, envelope, "email/withTemplate", {by: template, "TemplateModel": dict(model)})
