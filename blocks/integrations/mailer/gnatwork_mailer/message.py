"""What messages have in common."""

import base64
import mimetypes
from collections.abc import Mapping
from typing import Annotated, Any, Self

from pydantic import BaseModel, BeforeValidator, Field, JsonValue, StringConstraints, model_validator

from gnatwork_blocks.builtin.email import Attachment
from gnatwork_blocks.sdk import BlockContext
from gnatwork_mailer.address import Address
from gnatwork_mailer.api import CONNECTION, MailerConnection, api_of, checked
from gnatwork_schemas.model import StrictModel

#: Of each of `to`, `cc` and `bcc`; bytes of all attachments together.
MAX_RECIPIENTS = 50
MAX_ATTACHED = 10_000_000


def _as_list(value: Any) -> Any:
    """One is a list of one; null is none."""
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


Addresses = Annotated[
    list[Address],
    BeforeValidator(_as_list, json_schema_input_type=Address | list[Address] | None),
    Field(default_factory=list, max_length=MAX_RECIPIENTS),
]
_Line = Annotated[str, StringConstraints(max_length=2000, pattern=r"^[^\x00-\x1F\x7F]*$")]


class Envelope(StrictModel, populate_by_name=False):
    """Who writes to whom, and what comes along."""

    connection: MailerConnection = CONNECTION
    from_: Address | None = Field(
        default=None,
        alias="from",
        description="A confirmed sender, `shop@example.com` or `Shop <shop@…>`; that of the connection unless given.",
    )
    to: Addresses = Field(description="Who gets it: one address or a list of at most 50.")
    cc: Addresses = Field(description="Who gets a copy.")
    bcc: Addresses = Field(description="Who gets a copy that nobody else knows of.")
    reply_to: Addresses = Field(description="Where answers go.")
    attachments: list[Attachment] = Field(
        default_factory=list, max_length=100, description="Files that come along, at most 10 MB together."
    )
    headers: dict[Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9-]{1,100}$")], _Line] = Field(
        default_factory=dict, description="Further headers."
    )
    tag: Annotated[_Line, StringConstraints(max_length=1000)] | None = Field(
        default=None, description="What statistics count it under."
    )
    metadata: dict[str, str] = Field(
        default_factory=dict, max_length=10, description="What comes back with bounces, at most 10 short texts."
    )
    stream: str | None = Field(default=None, description="The message stream; `outbound` unless given.")
    track_opens: bool | None = Field(default=None, description="Have it told when the message is opened.")

    @model_validator(mode="after")
    def _check_envelope(self) -> Self:
        if not self.sender:
            raise ValueError("give `from`, here or in the connection")
        if not self.to and not self.cc and not self.bcc:
            raise ValueError("give somebody in `to`, `cc` or `bcc`")
        if sum(len(file.data) for file in self.attachments) > MAX_ATTACHED:
            raise ValueError(f"the attachments have more than {MAX_ATTACHED} bytes")
        return self

    @property
    def sender(self) -> str | None:
        """Who writes."""
        return self.from_ or self.connection.from_

    def fields(self) -> dict[str, JsonValue]:
        """What the API is told, under its names."""
        return {
            "From": self.sender,
            "To": ", ".join(self.to),
            "Cc": ", ".join(self.cc) or None,
            "Bcc": ", ".join(self.bcc) or None,
            "ReplyTo": ", ".join(self.reply_to) or None,
            "Attachments": [_file(file) for file in self.attachments] or None,
            "Headers": [{"Name": name, "Value": value} for name, value in self.headers.items()] or None,
            "Tag": self.tag,
            "Metadata": dict(self.metadata) or None,
            "MessageStream": self.stream,
            "TrackOpens": self.track_opens,
        }


class Sent(BaseModel):
    """What became of it."""

    message_id: str = Field(description="Names the message, also in bounces.")
    submitted_at: str | None = Field(default=None, description="When it was taken, ISO 8601.")


async def send(ctx: BlockContext, envelope: Envelope, path: str, fields: Mapping[str, JsonValue]) -> Sent:
    """Hand a message in, without what is null; BlockError as `JsonApi.call`, and `service.refused`."""
    api = api_of(ctx, envelope.connection)
    given = {name: value for name, value in {**envelope.fields(), **fields}.items() if value is not None}
    json = checked(api, await api.call("POST", path, json=given))
    if not isinstance(json.get("MessageID"), str):
        raise api.unexpected("an answer without `MessageID`")
    return Sent(message_id=json["MessageID"], submitted_at=json.get("SubmittedAt"))


def _file(file: Attachment) -> JsonValue:
    guessed = file.type or mimetypes.guess_type(file.name)[0] or "application/octet-stream"
    content = file.content if file.content is not None else base64.b64encode(file.data).decode("ascii")
    return {"Name": file.name, "Content": content, "ContentType": guessed}
