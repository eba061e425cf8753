"""A service that gives tokens (RFC 6749), strict about what it is sent."""

import base64
import hashlib
import urllib.parse
from dataclasses import dataclass, field
from typing import Any

import orjson

from support.site import Reply, Request, Site

CLIENT, SECRET = "the-client", "the client's s3cr3t/+"
TOKEN_PATH, AUTHORIZE_PATH = "/token", "/authorize"


@dataclass(kw_only=True)
class Service:
    """Answers at a site's token endpoint."""

    site: Site
    #: What tokens begin with.
    prefix: str = ""
    #: Seconds for which tokens are good; None says nothing.
    expires_in: float | None = 3600
    #: What is asked of the token endpoint, in order.
    asked: list[dict[str, str]] = field(default_factory=list)
    #: Refresh tokens that were not used yet.
    refresh_tokens: set[str] = field(default_factory=set)
    #: By code, the challenge and the address that it was given with.
    codes: dict[str, tuple[str, str]] = field(default_factory=dict)
    #: Answer with this instead.
    instead: Reply | None = None

    def __post_init__(self) -> None:
        self.site.on(TOKEN_PATH, self._token)

    def values(self, grant: str, **more: Any) -> dict[str, Any]:
        """Those of a connection to this service."""
        values = {"grant": grant, "client_id": CLIENT, "client_secret": SECRET, "token_url": self.site.url + TOKEN_PATH}
        if grant == "authorization_code":
            values["authorize_url"] = self.site.url + AUTHORIZE_PATH
        return {**values, **more}

    def agree(self, url: str) -> str:
        """Agree to what an authorization address asks for; where the browser is sent back to."""
        address, _, query = url.partition("?")
        asked = dict(urllib.parse.parse_qsl(query))
        assert address == self.site.url + AUTHORIZE_PATH
        assert (asked["response_type"], asked["client_id"], asked["code_challenge_method"]) == ("code", CLIENT, "S256")
        code = f"code-{len(self.codes)}"
        self.codes[code] = (asked["code_challenge"], asked["redirect_uri"])
        return f"{asked['redirect_uri']}?{urllib.parse.urlencode({'code': code, 'state': asked['state']})}"

    def _token(self, request: Request) -> Reply:
        form = dict(urllib.parse.parse_qsl(request.body.decode(), strict_parsing=True))
        self.asked.append(form)
        if self.instead is not None:
            return self.instead
        if not self._is_client(request, form):
            return _json(401, {"error": "invalid_client", "error_description": f"not {form.get('client_secret')}"})
        match form["grant_type"]:
            case "client_credentials":
                return self._granted(refresh=False)
            case "refresh_token" if form["refresh_token"] in self.refresh_tokens:
                self.refresh_tokens.discard(form["refresh_token"])
                return self._granted(refresh=True)
            case "authorization_code" if self._is_agreed(form):
                return self._granted(refresh=True)
            case _:
                return _json(400, {"error": "invalid_grant"})

    def _is_client(self, request: Request, form: dict[str, str]) -> bool:
        if "client_id" in form:
            return (form["client_id"], form.get("client_secret")) == (CLIENT, SECRET)
        pair = base64.b64decode(request.headers.get("authorization", "").removeprefix("Basic ")).decode()
        return [urllib.parse.unquote(part) for part in pair.split(":")] == [CLIENT, SECRET]

    def _is_agreed(self, form: dict[str, str]) -> bool:
        challenge, redirect_uri = self.codes.pop(form["code"], ("", ""))
        digest = hashlib.sha256(form["code_verifier"].encode()).digest()
        return (base64.urlsafe_b64encode(digest).rstrip(b"=").decode(), form["redirect_uri"]) == (
            challenge,
            redirect_uri,
        )

    def _granted(self, *, refresh: bool) -> Reply:
        number = len(self.asked)
        answer: dict[str, Any] = {"access_token": f"{self.prefix}access-{number}", "token_type": "bearer"}
        if self.expires_in is not None:
            answer["expires_in"] = self.expires_in
        if refresh:
            answer["refresh_token"] = f"{self.prefix}refresh-{number}"
            self.refresh_tokens.add(f"{self.prefix}refresh-{number}")
        return _json(200, answer)


def _json(status: int, body: Any) -> Reply:
    return Reply(status=status, headers=(("content-type", "application/json"),), body=orjson.dumps(body))
