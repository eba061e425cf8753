"""Postmark's API: https://postmarkapp.com/developer."""

from typing import Any

from pydantic import BaseModel, Field

from gnatwork_blocks.json_api import ApiAnswer, BaseUrl, JsonApi, Token
from gnatwork_blocks.sdk import BlockContext
from gnatwork_mailer.address import Address


class MailerConnection(BaseModel):
    """A connection of the type `mailer`, or any other that has a `token`."""

    token: Token
    base_url: BaseUrl = "https://api.postmarkapp.com"
    #: Who writes where a message does not say.
    from_: Address | None = Field(default=None, alias="from")


#: How blocks take it.
CONNECTION = Field(description="`{{ connections.<name> }}`, of the type `mailer`.")


def api_of(ctx: BlockContext, connection: MailerConnection) -> JsonApi:
    """The service, as one attempt speaks with it."""
    return JsonApi(
        ctx=ctx,
        service="The mailer",
        base_url=connection.base_url,
        headers={"x-postmark-server-token": connection.token},
        says=_says,
    )


def checked(api: JsonApi, answer: ApiAnswer) -> dict[str, Any]:
    """An answer that is well; BlockError `service.refused` for a code of an error, `service.unexpected` for none."""
    json = answer.json
    if not isinstance(json, dict):
        raise api.unexpected("something that is no object")
    if json.get("ErrorCode", 0) != 0:
        raise api.refused(_says(json) or "it does not say why", details={"error": json["ErrorCode"]})
    return json


def _says(json: Any) -> str | None:
    """Its words for an error, with the number that its documentation has them under."""
    if not isinstance(json, dict) or not isinstance(json.get("Message"), str):
        return None
    return f"{json['Message']} (error {json['ErrorCode']})" if "ErrorCode" in json else json["Message"]
