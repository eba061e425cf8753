"""`email`: sends a message by SMTP."""

import base64
import binascii
from pkgutil import resolve_name
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, model_validator

from gnatwork_blocks.sdk import Block, BlockContext
from gnatwork_schemas.duration import PositiveDuration
from gnatwork_schemas.model import StrictModel

#: Recipients of one message, as most servers have it, and bytes of all attachments together.
MAX_RECIPIENTS = 100
MAX_ATTACHED = 25_000_000

#: They are made of the other fields, or say how the message is written.
_OURS = frozenset({
    "bcc", "cc", "date", "from", "message-id", "mime-version", "received", "reply-to", "return-path", "subject", "to",
})  # fmt: skip


def _as_list(value: Any) -> Any:
    """One is a list of one; null is none."""
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


#: No control characters, so that none can end its line.
_Line = Annotated[str, StringConstraints(strip_whitespace=True, max_length=2000, pattern=r"^[^\x00-\x1F\x7F]*$")]
_Address = Annotated[_Line, StringConstraints(min_length=3, max_length=500)]
_Addresses = Annotated[
    list[_Address], BeforeValidator(_as_list, json_schema_input_type=_Address | list[_Address] | None)
]
_HeaderName = Annotated[str, StringConstraints(max_length=100, pattern=r"^[A-Za-z0-9-]+$")]


class SmtpServer(BaseModel):
    """Where messages are handed in: what a connection of the type `smtp` has."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    host: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=255)]
    port: int = Field(default=587, ge=1, le=65535)
    username: str | None = None
    password: str | None = None
    tls: Literal["starttls", "tls", "none"] = "starttls"


class Attachment(StrictModel):
    """A file that comes along: `content` or `text`."""

    name: Annotated[_Line, StringConstraints(min_length=1, max_length=255)] = Field(description="Name of the file.")
    content: str | None = Field(default=None, description="Base64 of its bytes.")
    text: str | None = Field(default=None, description="Its text.")
    type: Annotated[str, StringConstraints(pattern=r"^[\w.+-]+/[\w.+-]+$", max_length=100)] | None = Field(
        default=None, description="Media type, such as `application/pdf`; by default what the name tells."
    )

    @model_validator(mode="after")
    def _check(self) -> Self:
        if (self.content is None) == (self.text is None):
            raise ValueError("give `content` or `text`")
        try:
            base64.b64decode(self.content or "", validate=True)
        except (binascii.Error, ValueError):
            raise ValueError("`content` is not base64") from None
        return self

    @property
    def data(self) -> bytes:
        """Its bytes."""
        return base64.b64decode(self.content) if self.content is not None else (self.text or "").encode()


class Email(Block):
    """Sends a message by SMTP.

    The server may have taken a message although the attempt failed, when its answer was lost. Each attempt of a task
    sends the same `Message-ID`, by which receivers can tell; `"retry": {"max_attempts": 1}` never sends twice.
    """

    type = "email"
    title = "E-mail"
    summary = "Sends an e-mail through an SMTP server."
    icon = "mail"
    category = "network"
    capabilities = ("network", "secrets", "side-effects")
    retryable = ("email.timeout",)
    examples: ClassVar[tuple[dict[str, Any], ...]] = (
        {
            "server": "{{ connections.mail }}",
            "from": "Shop <shop@example.com>",
            "to": "{{ input.email }}",
            "subject": "Your order {{ input.order }}",
            "text": "It is on its way.",
        },
        {
            "server": "{{ connections.mail }}",
            "from": "shop@example.com",
            "to": ["Ada <ada@example.com>", "bob@example.com"],
            "bcc": "archive@example.com",
            "subject": "The report",
            "text": "See the attachment.",
            "html": "<p>See the <b>attachment</b>.</p>",
            "attachments": [{"name": "report.csv", "text": "{{ input.report }}"}],
        },
    )

    class Config(StrictModel, populate_by_name=False):
        """The message and who takes it."""

        server: SmtpServer = Field(
            description="`{host, port, username?, password?, tls}`: mention a connection of the type `smtp`."
        )
        from_: _Address = Field(alias="from", description="Who sends it: `shop@example.com` or `Shop <shop@…>`.")
        to: _Addresses = Field(default_factory=list, description="Who gets it: one address or a list.")
        cc: _Addresses = Field(default_factory=list, description="Who gets a copy.")
        bcc: _Addresses = Field(default_factory=list, description="Who gets a copy that nobody else knows of.")
        reply_to: _Addresses = Field(default_factory=list, description="Where answers go.")
        subject: _Line = Field(default="", description="Subject, one line.")
        text: str | None = Field(default=None, max_length=5_000_000, description="The message as text.")
        html: str | None = Field(default=None, max_length=5_000_000, description="The message as HTML.")
        attachments: list[Attachment] = Field(
            default_factory=list, max_length=100, description="Files that come along, at most 25 MB together."
        )
        headers: dict[_HeaderName, _Line] = Field(
            default_factory=dict, max_length=50, description="Further headers, such as `List-Unsubscribe`."
        )
        timeout: PositiveDuration | None = Field(
            default=None, description="For all of it; by default the block's own timeout holds."
        )

        @model_validator(mode="after")
        def _check(self) -> Self:
            if not 1 <= len(self.to) + len(self.cc) + len(self.bcc) <= MAX_RECIPIENTS:
                raise ValueError(f"give 1 to {MAX_RECIPIENTS} recipients in `to`, `cc` and `bcc`")
            if self.text is None and self.html is None:
                raise ValueError("give `text`, `html`, or both")
            if ours := sorted(name for name in self.headers if name.lower() in _OURS or name.lower()[:8] == "content-"):
                raise ValueError(f"the header {ours[0]!r} is made of other fields")
            if len({name.lower() for name in self.headers}) < len(self.headers):
                raise ValueError("a header is given twice")
            if sum(len(file.data) for file in self.attachments) > MAX_ATTACHED:
                raise ValueError(f"the attachments have more than {MAX_ATTACHED} bytes")
            return self

    class Output(BaseModel):
        """What became of it."""

        message_id: str
        accepted: list[str] = Field(description="Addresses that the server takes it for.")
        refused: dict[str, Any] = Field(description="The others, each with the `{code, message}` of the server.")

    async def run(self, ctx: BlockContext, config: Config) -> dict[str, Any]:
        """Send the message; an error when no address is accepted."""
        # aiosmtplib is loaded with the first message, not with the executor.
        send = resolve_name("gnatwork_blocks.mail.delivery:send")
        output: dict[str, Any] = await send(ctx, config)
        return output
