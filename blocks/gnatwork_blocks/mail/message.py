"""A message as it travels."""

import hashlib
import mimetypes
import re
from collections.abc import Iterable
from datetime import datetime
from email.errors import HeaderParseError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP, SMTPUTF8
from email.utils import format_datetime
from typing import NamedTuple

from gnatwork_blocks.builtin.email import Attachment, Email
from gnatwork_blocks.errors import BlockError

#: What every server takes.
_SEVEN_BITS = SMTP.clone(cte_type="7bit")
# Nothing that has to be quoted, so that an envelope has no room for more than an address.
_LOCAL = re.compile(r"[^\x00-\x20\x7F-\xA0\"(),:;<>@\[\\\]]{1,64}")
#: What would end a header, or a line of one; the library reads encoded words (RFC 2047), which may hold it.
_HIDDEN = re.compile(r"[\x00-\x1F\x7F\x85\u2028\u2029]")
_DOMAIN = re.compile(r"[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*")


class Letter(NamedTuple):
    """A message with its envelope."""

    message_id: str
    sender: str
    recipients: tuple[str, ...]
    content: bytes
    #: Whether an address has letters beyond ASCII, so that the server has to know SMTPUTF8.
    international: bool


def compose(config: Email.Config, key: str, now: datetime) -> Letter:
    """The message that a config describes.

    Args:
        config: What to write.
        key: The same for each attempt of a task; the `Message-ID` is made of it.
        now: The date of the message.

    Raises:
        BlockError: `email.invalid_address`; `block.config_invalid` for a header with a control character hidden in it.
    """
    sender = _address(config.from_)
    to, cc, bcc, reply_to = (
        tuple(map(_address, texts)) for texts in (config.to, config.cc, config.bcc, config.reply_to)
    )
    recipients = tuple(dict.fromkeys(address.addr_spec for address in (*to, *cc, *bcc)))
    international = not all(address.isascii() for address in (sender.addr_spec, *recipients))
    message = EmailMessage(SMTPUTF8 if international else _SEVEN_BITS)
    message["From"] = sender
    for name, addresses in (("To", to), ("Cc", cc), ("Reply-To", reply_to)):
        if addresses:
            message[name] = addresses
    _add(message, "Subject", config.subject)
    message["Date"] = format_datetime(now)
    message_id = f"<{hashlib.sha256(key.encode()).hexdigest()[:32]}@{sender.domain}>"
    message["Message-ID"] = message_id
    for name, value in config.headers.items():
        _add(message, name, value)
    _write(message, config.text, config.html, config.attachments)
    _check(message)
    return Letter(message_id, sender.addr_spec, recipients, message.as_bytes(), international)


def _check(message: EmailMessage) -> None:
    """Whether each header, and each of those of a part, is on one line as it is going to be written."""
    for part in message.walk():
        for name, value in part.items():
            if _HIDDEN.search(str(value)):
                raise _hidden(name)


def _add(message: EmailMessage, name: str, value: str) -> None:
    if _HIDDEN.search(value):
        raise _hidden(name)
    message[name] = value


def _hidden(name: str) -> BlockError:
    message = f"The header {name} would have a line end in it, or another control character."
    return BlockError("block.config_invalid", message)


def _write(message: EmailMessage, text: str | None, html: str | None, attachments: Iterable[Attachment]) -> None:
    if text is not None:
        message.set_content(text)
    if html is not None and text is not None:
        message.add_alternative(html, subtype="html")
    elif html is not None:
        message.set_content(html, subtype="html")
    for file in attachments:
        type_ = file.type or mimetypes.guess_type(file.name)[0] or "application/octet-stream"
        main, _, sub = type_.partition("/")
        if main == "text" and file.text is not None:
            message.add_attachment(
                file.data, maintype=main, subtype=sub, filename=file.name, params={"charset": "utf-8"}
            )
        elif main in {"message", "multipart"}:  # they would have to be parsed
            message.add_attachment(file.data, maintype="application", subtype="octet-stream", filename=file.name)
        else:
            message.add_attachment(file.data, maintype=main, subtype=sub, filename=file.name)


def _address(text: str) -> Address:
    """One address, `ada@example.com` or `Ada <ada@example.com>`, its domain in ASCII."""
    try:
        header = SMTPUTF8.header_factory("to", text)
        (group,) = header.groups
        (found,) = group.addresses
        domain = found.domain.encode("idna").decode("ascii")
    except (HeaderParseError, IndexError, ValueError):  # IndexError is what its parser makes of `<>`
        raise _invalid(text) from None
    usable = _LOCAL.fullmatch(found.username) and _DOMAIN.fullmatch(domain)
    if header.defects or group.display_name is not None or not usable:
        raise _invalid(text)
    return Address(found.display_name, found.username, domain)


def _invalid(text: str) -> BlockError:
    shown = text if len(text) <= 100 else f"{text[:100]}…"
    return BlockError("email.invalid_address", f"{shown!r} is no e-mail address, or more than one.")
