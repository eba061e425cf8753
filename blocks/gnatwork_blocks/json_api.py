"""What blocks of a service with a JSON HTTP API share: its address, what each request carries, and how it says no.

A service's own words come into errors, since they say what is to be done; credentials that it might repeat are taken
out by the executor, as everywhere.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any
from urllib.parse import quote

import orjson
from pydantic import StringConstraints

from gnatwork_blocks.api_bodies import Fields, parsed, urlencoded
from gnatwork_blocks.content import read_text
from gnatwork_blocks.context import BlockContext
from gnatwork_blocks.errors import BlockError
from gnatwork_blocks.exchange import Answer, Call, exchange
from gnatwork_blocks.rate_limits import is_limited, waiting_for

#: A token, or anything else that goes into a header: a line end that came along with it is cut off.
Token = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, pattern=r"^[\x21-\x7E]+$")]
#: Where an API is: of the service itself unless a connection says otherwise.
BaseUrl = Annotated[str, StringConstraints(strip_whitespace=True, pattern=r"^https?://[^\s?#]+$", max_length=2000)]

#: Bytes of one answer.
MAX_ANSWER = 10_000_000
#: Characters of a service's own words that are shown.
_MAX_WORDS = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiAnswer:
    """What a service answered."""

    status: int
    #: Where the answer came from.
    url: str
    #: Names in lower case.
    headers: Mapping[str, str]
    #: The JSON of the body; None where there is none.
    json: Any
    #: Bytes of the body.
    size: int


def said(json: Any) -> str | None:
    """What most services say of an error: `message`, `error`, `error.message`, `error_description`, `description`."""
    if not isinstance(json, dict):
        return None
    error = json.get("error")
    inner = error.get("message") if isinstance(error, dict) else error
    texts = (json.get("message"), json.get("error_description"), json.get("description"), inner)
    return next((text for text in texts if isinstance(text, str) and text), None)


def _says_nothing(_: Any) -> float | None:
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class JsonApi:
    """A service, as one attempt speaks with it."""

    ctx: BlockContext = field(repr=False)
    #: Its name in messages, e.g. `Slack`.
    service: str
    #: What paths are added to.
    base_url: str
    #: Sent with each request, e.g. `bearer(token)`.
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    #: Its own words in the JSON of an error, and None where it has none.
    says: Callable[[Any], str | None] = said
    #: Seconds that it asks to wait, where it says so in the JSON of an error rather than in a header.
    waits: Callable[[Any], float | None] = _says_nothing
    max_bytes: int = MAX_ANSWER
    #: Seconds to wait after too many requests where the service does not say.
    patience: float | None = None

    async def call(
        self,
        method: str,
        path: str,
        *,
        query: Fields | None = None,
        json: Any = None,
        form: Fields | None = None,
        content: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> ApiAnswer:
        """Make one request; `path` may be a whole URL of the same origin, such as that of a next page.

        At most one of `json`, `form` and `content` is given. Redirects are followed where nothing is changed.

        Raises:
            BlockError: `http.rate_limited`, with `retry_after` as far as the service says; `http.status` for any
                other status but 200 to 299; `service.unexpected` when the answer is not JSON; any other `http.…`.
        """
        sent = {"accept": "application/json", **self.headers, **(headers or {})}
        if json is not None:
            content, type_ = orjson.dumps(json), "application/json; charset=utf-8"
        elif form is not None:
            content, type_ = urlencoded(form), "application/x-www-form-urlencoded"
        else:
            type_ = None
        if type_ is not None:
            sent.setdefault("content-type", type_)
        answer = await exchange(
            self.ctx,
            Call(
                method=method,
                url=self.url(path),
                headers=sent,
                query=urlencoded(query or {}),
                content=content,
                follow_redirects=method in {"GET", "HEAD"},
                private=self.headers.keys(),
                max_bytes=self.max_bytes,
                fails=lambda _: False,
            ),
        )
        json_, is_json = parsed(answer.content)
        if not 200 <= answer.status < 300:
            raise self._refusal(answer, json_)
        if not is_json:
            raise self.unexpected("something that is not JSON")
        return ApiAnswer(
            status=answer.status, url=answer.url, headers=answer.headers, json=json_, size=len(answer.content)
        )

    def url(self, path: str) -> str:
        """The URL of a path; BlockError `service.unexpected` for a URL of another origin, which gets no credentials."""
        base = self.base_url.rstrip("/")
        if not path.startswith(("http://", "https://")):
            return f"{base}/{path.lstrip('/')}"
        scheme, _, rest = base.partition("://")
        origin = f"{scheme}://{rest.partition('/')[0]}"
        if path == origin or path.startswith(f"{origin}/"):
            return path
        raise BlockError("service.unexpected", f"{self.service} leads to an address that is not its own.")

    def refused(self, words: str, *, retryable: bool = False, details: Mapping[str, Any] | None = None) -> BlockError:
        """The error `service.refused`, for a service that says no with a status of 200."""
        message = f"{self.service} refuses: {_shortened(words)}"
        return BlockError("service.refused", message, retryable=retryable, details=dict(details or {}))

    def unexpected(self, what: str) -> BlockError:
        """The error `service.unexpected`; `what` follows “answered with”."""
        return BlockError("service.unexpected", f"{self.service} answered with {what}.")

    def limited(self, seconds: float | None, *, details: Mapping[str, Any] | None = None) -> BlockError:
        """The error `http.rate_limited`; `seconds` are those that the service asks to wait."""
        after = "" if seconds is None else f"; it asks to wait for {seconds:.0f} s"
        message = f"{self.service} takes no more requests for now{after}."
        return BlockError(
            "http.rate_limited", message, retryable=True, retry_after=seconds, details=dict(details or {})
        )

    def _refusal(self, answer: Answer, json: Any) -> BlockError:
        words = self.says(json)
        details: dict[str, Any] = {"status": answer.status}
        if words is not None:
            details["message"] = _shortened(words)
        elif answer.content:
            details["body"] = _shortened(read_text(answer.content[:4096]))
        if is_limited(answer.status, answer.headers, words):
            seconds = self.waits(json)
            seconds = waiting_for(answer.headers) if seconds is None else seconds
            return self.limited(self.patience if seconds is None else seconds, details=details)
        told = f": {details['message']}" if words is not None else "."
        return BlockError(
            "http.status",
            f"{self.service} answered with {answer.status}{told}",
            retryable=answer.status >= 500,
            retry_after=waiting_for(answer.headers) if answer.status >= 500 else None,
            details=details,
        )


def bearer(token: str) -> dict[str, str]:
    """The header with a bearer token."""
    return {"authorization": f"Bearer {token}"}


def path_of(*segments: str | int) -> str:
    """A path of segments in which nothing means anything: `path_of("repos", owner, name)`.

    Raises:
        BlockError: `block.config_invalid` for `.` and `..`, which lead elsewhere however they are written.
    """
    if led := {".", ".."}.intersection(segments):
        raise BlockError("block.config_invalid", f"A part of an address can't be {min(map(str, led))!r}.")
    return "/".join(quote(str(segment), safe="") for segment in segments)


def _shortened(words: str) -> str:
    """On one line, and not too long."""
    line = " ".join(words.split())
    return line if len(line) <= _MAX_WORDS else f"{line[:_MAX_WORDS]}…"
