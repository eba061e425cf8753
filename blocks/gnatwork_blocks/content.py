"""Bodies of HTTP answers, read as JSON, text or bytes."""

import base64
import codecs
import re
from email.message import Message
from typing import Any, NamedTuple

import orjson

_TEXT_TYPES = frozenset({
    "application/ecmascript", "application/graphql", "application/javascript", "application/ndjson", "application/sql",
    "application/toml", "application/x-javascript", "application/x-ndjson", "application/x-www-form-urlencoded",
    "application/x-yaml", "application/xml", "application/yaml",
})  # fmt: skip
# Codecs that are no charsets of the web; `punycode` also takes quadratic time.
_REFUSED_CODECS = frozenset({"idna", "punycode", "raw-unicode-escape", "undefined", "unicode-escape", "utf-7"})
# Labels that browsers read as windows-1252 (WHATWG Encoding Standard).
_LATIN = frozenset({"ascii", "iso8859-1"})
_BOMS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
# `<meta charset="…">`, `<meta … content="text/html; charset=…">` and `<?xml … encoding="…"?>`
_DECLARED = re.compile(rb"<(?:meta\b[^>]*?\bcharset|\?xml\b[^>]*?\bencoding)\s*=\s*[\"']?\s*([\w.:-]+)", re.IGNORECASE)
#: Bytes in which a document must declare its charset (HTML Standard).
_DECLARED_WITHIN = 1024


class Body(NamedTuple):
    """What blocks give out as a body."""

    value: Any
    #: None unless the value is base64 of bytes.
    encoding: str | None = None


def read_body(content: bytes, content_type: str) -> Body:
    """JSON when it says and is JSON, text when it is text, else base64; None when there is nothing.

    What says JSON but is not (or is nested more than 1,024 deep) is text. Without a content type, text is what is
    UTF-8 without NUL.
    """
    media_type, charset = _parse_type(content_type)
    is_json = media_type == "application/json" or media_type.endswith("+json")
    is_text = media_type.startswith("text/") or media_type.endswith("+xml") or media_type in _TEXT_TYPES
    if not content:
        return Body("" if is_text else None)
    if is_json:
        text = read_text(content, charset)
        try:
            return Body(orjson.loads(text))
        except orjson.JSONDecodeError:
            return Body(text)
    if is_text:
        return Body(read_text(content, charset))
    if not media_type and b"\0" not in content:
        try:
            return Body(content.decode())
        except UnicodeDecodeError:
            pass
    return Body(base64.b64encode(content).decode("ascii"), "base64")


def read_text(content: bytes, charset: str | None = None) -> str:
    """Text by its byte order mark, else the charset given, else what the document declares, else UTF-8.

    What fits none of them is read as windows-1252, as browsers do; no byte is ever an error.
    """
    for mark, name in _BOMS:
        if content.startswith(mark):
            return content[len(mark) :].decode(name, "replace")
    if codec := _codec(charset):
        return content.decode(codec, "replace")
    declared = _DECLARED.search(content[:_DECLARED_WITHIN])
    if declared and (codec := _codec(declared[1].decode("ascii", "replace"))):
        # Found by its ASCII letters, so it can't be in UTF-16, whatever it says.
        return content.decode("utf-8" if codec.startswith("utf-16") else codec, "replace")
    try:
        return content.decode()
    except UnicodeDecodeError:
        return content.decode("cp1252", "replace")


def charset_of(content_type: str) -> str | None:
    """The charset that a header `Content-Type` names."""
    return _parse_type(content_type)[1]


def _parse_type(content_type: str) -> tuple[str, str | None]:
    if not content_type.strip():
        return "", None
    message = Message()
    message["content-type"] = content_type
    charset = message.get_param("charset")
    return message.get_content_type().lower(), charset if isinstance(charset, str) else None


def _codec(charset: str | None) -> str | None:
    """The codec of a charset label; None when there is none that could be meant."""
    try:
        info = codecs.lookup((charset or "").strip())
        "".encode(info.name)  # LookupError for codecs that make no text, such as `hex`
    except (LookupError, ValueError):
        return None
    if info.name in _REFUSED_CODECS:
        return None
    return "cp1252" if info.name in _LATIN else info.name
