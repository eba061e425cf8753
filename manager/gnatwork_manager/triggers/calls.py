"""What a call of a webhook says: its event, how it came, and which delivery it is. Pure."""

import base64
import codecs
import re
from collections.abc import Iterable, Mapping
from email.message import Message
from hashlib import sha256
from typing import Any, NamedTuple
from urllib.parse import parse_qsl

import orjson

from gnatwork_engine.fill import fill
from gnatwork_manager.bodies import parse_json
from gnatwork_manager.problems import ProblemError
from gnatwork_manager.triggers.signatures import (
    GITHUB_SIGNATURE,
    KEY_HEADER,
    SLACK_SIGNATURE,
    STANDARD_ID,
    STANDARD_SIGNATURE,
    STRIPE_SIGNATURE,
    key_header,
)
from gnatwork_schemas.errors import TemplateError
from gnatwork_schemas.triggers import WebhookTrigger

#: Bytes of headers and query that a run keeps.
MAX_DETAILS = 16 * 1024
#: Headers that runs never see: what they hold is for the manager, or for whoever stands before it.
_SECRET_HEADERS = frozenset(
    {
        "authorization",
        "proxy-authorization",
        "cookie",
        "x-hub-signature",
        KEY_HEADER,
        GITHUB_SIGNATURE,
        SLACK_SIGNATURE,
        STANDARD_SIGNATURE,
        STRIPE_SIGNATURE,
    }
)
#: Headers that name a delivery.
_DELIVERY_HEADERS = (STANDARD_ID, "x-github-delivery", "idempotency-key")
_FORM = "application/x-www-form-urlencoded"
_MAX_FIELDS = 1000
#: Characters of the name of a delivery; longer ones are told apart by their digest.
_MAX_DELIVERY = 255
#: Charsets, as Python calls them. It knows others that are none: they take hours for a body, or yield half characters.
_CHARSETS = re.compile(
    r"ascii|utf-(8|16|32)(-[bl]e|-sig)?|iso8859-\d+|cp\d+|koi8-\w+|gb\w+|big5\w*|euc_\w+|shift_jis\w*"
)


class Event(NamedTuple):
    """A body as templates see it."""

    value: Any
    #: `base64` when the body is neither JSON, form nor text.
    encoding: str | None = None


def parse_event(body: bytes, content_type: str | None) -> Event:
    """The event in a body; null for an empty one.

    JSON stands for itself, a form is an object, text is text, anything else base64. A body of no type is JSON or
    text if it can be. Raises ProblemError `request.invalid_json`, `request.invalid`.
    """
    if not body:
        return Event(None)
    type_, charset = _content_type(content_type)
    # A caller that does not say what it sends, or has not been told to: `curl -d` calls all a form.
    if type_ in (None, _FORM) and body.lstrip()[:1] in (b"{", b"[") and (value := _json(body)) is not None:
        return Event(value)
    if type_ == _FORM:
        return Event(_form(body))
    if type_ is None:
        return _text(body, "utf-8") or _binary(body)
    if type_ == "application/json" or type_.endswith("+json"):
        return Event(parse_json(body))
    return (type_.startswith("text/") and _text(body, charset)) or _binary(body)


def details_of(
    trigger: WebhookTrigger, event: Event, headers: Iterable[tuple[str, str]], query: str, delivery: str | None
) -> dict[str, Any]:
    """What a run sees under `trigger`; ProblemError `hook.headers_too_large`.

    Its path is the one that the webhook has chosen: the unguessable address is no run's to know.
    """
    shown: dict[str, str] = {}
    hidden = _SECRET_HEADERS | {key_header(trigger)}
    for name, value in headers:
        if name not in hidden:
            shown[name] = f"{shown[name]}, {value}" if name in shown else value
    size = len(query) + sum(len(name) + len(value) for name, value in shown.items())
    if size > MAX_DETAILS:
        raise ProblemError("hook.headers_too_large", f"they have {size} bytes, at most {MAX_DETAILS} are taken")
    details = {
        "headers": shown,
        "query": _fields(query),
        "method": trigger.method,
        "path": trigger.path,
        "delivery": delivery,
    }
    return details if event.encoding is None else {**details, "encoding": event.encoding}


def delivery_of(trigger: WebhookTrigger, headers: Mapping[str, str], event: Any) -> str | None:
    """What names this delivery: what is signed comes first, for nobody but the sender can change it."""
    if (own_name := _named_by_body(trigger, event)) is not None:
        return own_name
    if trigger.auth == "hmac" and trigger.signature == "standard":
        return headers.get(STANDARD_ID)
    if trigger.auth == "hmac" and trigger.signature == "stripe":
        id_ = event.get("id") if isinstance(event, dict) else None
        if isinstance(id_, str) and id_:
            return id_
    own = (trigger.delivery_header.lower(),) if trigger.delivery_header else ()
    return next((value for name in (*own, *_DELIVERY_HEADERS) if (value := headers.get(name))), None)


def challenge_of(trigger: WebhookTrigger, event: Any) -> str | None:
    """What Slack wants to hear back when an address is given to it, and not to begin anything."""
    if trigger.auth != "hmac" or trigger.signature != "slack" or not isinstance(event, dict):
        return None
    challenge = event.get("challenge")
    return challenge if event.get("type") == "url_verification" and isinstance(challenge, str) else None


def _named_by_body(trigger: WebhookTrigger, event: Any) -> str | None:
    if trigger.delivery is None:
        return None
    try:
        found = fill(trigger.delivery, {"event": event})
    except TemplateError:
        return None
    name = found if isinstance(found, str) else "" if found is None else orjson.dumps(found).decode()
    if not name:
        return None
    return name if len(name) <= _MAX_DELIVERY else sha256(name.encode(errors="surrogatepass")).hexdigest()


def _content_type(text: str | None) -> tuple[str | None, str]:
    """The media type in lower case, and the charset."""
    if not text:
        return None, "utf-8"
    message = Message()
    message["content-type"] = text
    return message.get_content_type(), message.get_content_charset("utf-8")


def _json(body: bytes) -> Any:
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        return None


def _form(body: bytes) -> dict[str, Any]:
    try:
        return _fields(body.decode())
    except UnicodeDecodeError:
        raise ProblemError("request.invalid", "a form is UTF-8") from None


def _fields(text: str) -> dict[str, Any]:
    """Names and values; one that is there several times is an array."""
    try:
        pairs = parse_qsl(text, keep_blank_values=True, max_num_fields=_MAX_FIELDS)
    except ValueError:
        raise ProblemError("request.invalid", f"there are more than {_MAX_FIELDS} fields") from None
    found: dict[str, Any] = {}
    for name, value in pairs:
        match found.get(name):
            case None:
                found[name] = value
            case list() as values:
                values.append(value)
            case first:
                found[name] = [first, value]
    return found


def _text(body: bytes, charset: str) -> Event | None:
    try:
        return Event(body.decode(charset)) if _CHARSETS.fullmatch(codecs.lookup(charset).name) else None
    except (ValueError, LookupError):
        return None


def _binary(body: bytes) -> Event:
    return Event(base64.b64encode(body).decode(), "base64")
