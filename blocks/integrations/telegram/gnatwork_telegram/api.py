"""Telegram's Bot API: https://core.telegram.org/bots/api."""

from typing import Annotated, Any

from pydantic import BaseModel, Field, StringConstraints

from gnatwork_blocks.json_api import BaseUrl, JsonApi
from gnatwork_blocks.sdk import BlockContext
from gnatwork_telegram.connection import BOT_PATTERN

#: A day; no server may make a task wait longer.
_MAX_WAIT = 86_400.0


class TelegramConnection(BaseModel):
    """A connection of the type `telegram`, or any other that has a `token`."""

    token: Annotated[str, StringConstraints(strip_whitespace=True, pattern=BOT_PATTERN)]
    base_url: BaseUrl = "https://api.telegram.org"


#: How blocks take it.
CONNECTION = Field(description="`{{ connections.<name> }}`, of the type `telegram`.")


class Telegram:
    """What blocks ask of Telegram. The token is part of each address, so no error may have one."""

    def __init__(self, ctx: BlockContext, connection: TelegramConnection) -> None:
        self._token = connection.token
        self.api = JsonApi(ctx=ctx, service="Telegram", base_url=connection.base_url, says=_says, waits=_waits)

    async def call(self, method: str, body: dict[str, Any]) -> Any:
        """The `result` of a method, called without what is null.

        Raises:
            BlockError: As `JsonApi.call`, and `service.refused`.
        """
        given = {name: value for name, value in body.items() if value is not None}
        answer = await self.api.call("POST", f"bot{self._token}/{method}", json=given)
        if not isinstance(answer.json, dict) or "ok" not in answer.json:
            raise self.api.unexpected("an answer without `ok`")
        if answer.json["ok"] is not True:
            raise self.api.refused(_says(answer.json) or "it does not say why")
        return answer.json.get("result")


def _says(json: Any) -> str | None:
    """Telegram's words for an error, with what it adds to them."""
    if not isinstance(json, dict) or not isinstance(json.get("description"), str):
        return None
    told: str = json["description"]
    moved = _parameters(json).get("migrate_to_chat_id")
    return told if moved is None else f"{told}; the chat is now {moved}"


def _waits(json: Any) -> float | None:
    seconds = _parameters(json).get("retry_after")
    return min(float(seconds), _MAX_WAIT) if isinstance(seconds, int) and seconds >= 0 else None


def _parameters(json: Any) -> dict[str, Any]:
    parameters = json.get("parameters") if isinstance(json, dict) else None
    return parameters if isinstance(parameters, dict) else {}
