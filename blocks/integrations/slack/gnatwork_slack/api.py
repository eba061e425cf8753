"""Slack's Web API: https://docs.slack.dev/apis/web-api."""

from typing import Any

from pydantic import BaseModel, Field

from gnatwork_blocks.api_bodies import Fields
from gnatwork_blocks.json_api import ApiAnswer, BaseUrl, JsonApi, Token, bearer
from gnatwork_blocks.rate_limits import waiting_for
from gnatwork_blocks.sdk import BlockContext

#: What Slack says when another try may succeed.
_PASSING = frozenset({"internal_error", "fatal_error", "service_unavailable", "request_timeout", "team_added_to_org"})
_LIMITED = frozenset({"ratelimited", "rate_limited"})


class SlackConnection(BaseModel):
    """A connection of the type `slack`, or any other that has a `token`."""

    token: Token
    base_url: BaseUrl = "https://slack.com/api"


#: How blocks take it.
CONNECTION = Field(description="`{{ connections.<name> }}`, of the type `slack`.")


class Slack:
    """What blocks ask of Slack."""

    def __init__(self, ctx: BlockContext, connection: SlackConnection) -> None:
        self.api = JsonApi(
            ctx=ctx, service="Slack", base_url=connection.base_url, headers=bearer(connection.token), says=_says
        )

    async def post(self, method: str, body: dict[str, Any]) -> dict[str, Any]:
        """Call a method with JSON, without what is null; BlockError as `JsonApi.call`, and `service.refused`."""
        given = {name: value for name, value in body.items() if value is not None}
        return self.checked(await self.api.call("POST", method, json=given))

    async def form(self, method: str, fields: Fields) -> dict[str, Any]:
        """Likewise with a form, for methods that take no JSON."""
        return self.checked(await self.api.call("POST", method, form=fields))

    def checked(self, answer: ApiAnswer) -> dict[str, Any]:
        """An answer that is well; Slack says no with a status of 200."""
        json = answer.json
        if not isinstance(json, dict) or "ok" not in json:
            raise self.api.unexpected("an answer without `ok`")
        if json["ok"] is True:
            return json
        code = str(json.get("error"))
        details = {name: json[name] for name in ("error", "needed", "provided") if name in json}
        if code in _LIMITED:
            raise self.api.limited(waiting_for(answer.headers), details=details)
        raise self.api.refused(_says(json) or code, retryable=code in _PASSING, details=details)


def _says(json: Any) -> str | None:
    """Slack's word for an error, with what it adds to it."""
    if not isinstance(json, dict) or not isinstance(json.get("error"), str):
        return None
    told: str = json["error"]
    if isinstance(json.get("needed"), str):
        told += f", the app needs the scope {json['needed']}"
    messages = (json.get("response_metadata") or {}).get("messages")
    return f"{told}: {'; '.join(map(str, messages))}" if isinstance(messages, list) and messages else told
