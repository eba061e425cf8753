"""The Google Sheets API: https://developers.google.com/workspace/sheets/api/reference/rest."""

import re
from typing import Annotated, Any, Self

from pydantic import AfterValidator, BaseModel, Field, model_validator

from gnatwork_blocks.api_bodies import Fields
from gnatwork_blocks.json_api import BaseUrl, JsonApi, Token, bearer, path_of
from gnatwork_blocks.sdk import BlockContext, BlockError
from gnatwork_google_sheets.tokens import Account, Tokens

_ADDRESS = re.compile(r"^https://docs\.google\.com/spreadsheets/(?:u/\d+/)?d/([A-Za-z0-9_-]+)")
_ID = re.compile(r"^[A-Za-z0-9_-]+$")
#: Seconds that a quota takes to be filled up again.
_PATIENCE = 60.0
#: Of all blocks of a process.
_TOKENS = Tokens()


class SheetsConnection(BaseModel):
    """A connection of the type `google-sheets`, or any other that has a `token`, such as an `oauth2` one."""

    token: Token | None = None
    client_email: str | None = None
    private_key: str | None = None
    token_uri: BaseUrl = "https://oauth2.googleapis.com/token"  # noqa: S105 - where tokens are, not one
    base_url: BaseUrl = "https://sheets.googleapis.com"

    @model_validator(mode="after")
    def _something(self) -> Self:
        if self.token is None and not (self.client_email and self.private_key):
            raise ValueError("it has a `client_email` and a `private_key`, or a `token`")
        return self


def _id_of(text: str) -> str:
    text = text.strip()
    found = _ADDRESS.match(text)
    if found:
        return found[1]
    if not _ID.match(text):
        raise ValueError("this is neither the id nor the address of a spreadsheet")
    return text


#: How blocks take it.
CONNECTION = Field(description="`{{ connections.<name> }}`, of the type `google-sheets`, or `oauth2`.")
Spreadsheet = Annotated[str, AfterValidator(_id_of), Field(description="The id of the spreadsheet, or its address.")]


class Sheets:
    """What blocks ask of Google Sheets."""

    def __init__(self, ctx: BlockContext, connection: SheetsConnection, spreadsheet: str) -> None:
        self._ctx = ctx
        self._connection = connection
        self._place = path_of("v4", "spreadsheets", spreadsheet)

    async def values(
        self, method: str, range_: str, verb: str = "", *, query: Fields, body: Any = None
    ) -> dict[str, Any]:
        """A request about the values of a range, with a `verb` such as `:clear`; BlockError as `JsonApi.call`."""
        return await self.call(method, f"values/{path_of(range_)}{verb}", query=query, body=body)

    async def call(self, method: str, path: str, *, query: Fields, body: Any = None) -> dict[str, Any]:
        """Any request about the spreadsheet."""
        try:
            return await self._call(method, path, query, body)
        except BlockError as error:
            if self._connection.token is not None or (error.details or {}).get("status") != 401:
                raise
        # The token was taken back before its time.
        _TOKENS.forget(self._account)
        return await self._call(method, path, query, body)

    async def _call(self, method: str, path: str, query: Fields, body: Any) -> dict[str, Any]:
        token = self._connection.token or await _TOKENS.get(self._ctx, self._account)
        api = JsonApi(
            ctx=self._ctx,
            service="Google Sheets",
            base_url=self._connection.base_url,
            headers=bearer(token),
            patience=_PATIENCE,
        )
        answer = await api.call(method, f"{self._place}/{path}", query=query, json=body)
        if not isinstance(answer.json, dict):
            raise api.unexpected("something that is no object")
        return answer.json

    @property
    def _account(self) -> Account:
        connection = self._connection
        return Account(connection.client_email or "", connection.private_key or "", connection.token_uri)
