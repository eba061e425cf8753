"""The blocks of Google Sheets, against answers as its documentation shows them."""

import os
import time
from typing import Any
from urllib.parse import unquote

import jwt
import orjson
import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from support.services import answer, body_of, form_of, query_of
from support.site import Reply, Request, Site

from gnatwork_blocks.sdk import Block, BlockContext, BlockError
from gnatwork_blocks.testing import run_block
from gnatwork_google_sheets import api
from gnatwork_google_sheets.blocks.google_sheets_append import GoogleSheetsAppend
from gnatwork_google_sheets.blocks.google_sheets_clear import GoogleSheetsClear
from gnatwork_google_sheets.blocks.google_sheets_new_rows import GoogleSheetsNewRows
from gnatwork_google_sheets.blocks.google_sheets_read import GoogleSheetsRead
from gnatwork_google_sheets.blocks.google_sheets_update import GoogleSheetsUpdate
from gnatwork_google_sheets.rows import named_rows
from gnatwork_google_sheets.tokens import SCOPE, Account, Tokens

ID = "1qpyC0XzvTcKT6EISywvqESX3A0MwQoFDE8p-Bll4hps"
EMAIL = "gnats@project.iam.gserviceaccount.com"
VALUES = f"/v4/spreadsheets/{ID}/values/Orders%21A1%3AD"


@pytest.fixture(scope="module")
def key() -> RSAPrivateKey:
    return generate_private_key(65537, 2048)


@pytest.fixture(scope="module")
def pem(key: RSAPrivateKey) -> str:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


@pytest.fixture(autouse=True)
def _no_token_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(api, "_TOKENS", Tokens())


def with_token(site: Site) -> dict[str, Any]:
    """What an `oauth2` connection offers."""
    return {"token": "ya29.user", "authorization": "Bearer ya29.user", "base_url": site.url}


def service_account(site: Site, pem: str) -> dict[str, Any]:
    return {
        "type": "service_account",
        "client_email": EMAIL,
        "private_key": pem.replace("\n", "\\n"),
        "token_uri": f"{site.url}/token",
        "base_url": site.url,
    }


async def run(block: type[Block], connection: dict[str, Any], ctx: BlockContext, **config: Any) -> Any:
    return await run_block(block, {"connection": connection, "spreadsheet": ID, **config}, ctx)


def granting(site: Site, **changes: Any) -> None:
    """Google gives out `ya29.1`, `ya29.2` and so on."""

    def reply(_: Request) -> Reply:
        token = f"ya29.{len(site.asked('/token'))}"
        return answer({"access_token": token, "expires_in": 3599, "token_type": "Bearer", **changes})

    site.on("/token", reply)


async def test_cells_are_read(site: Site, ctx: BlockContext) -> None:
    found = {"range": "Orders!A1:D3", "majorDimension": "ROWS", "values": [["Id", "Total"], [1, 2.5], [2]]}
    site.on(VALUES, answer(found))
    output = await run(GoogleSheetsRead, with_token(site), ctx, range="Orders!A1:D")
    assert output == {"range": "Orders!A1:D3", "values": [["Id", "Total"], [1, 2.5], [2]], "rows": None}
    (request,) = site.requests
    assert request.headers["authorization"] == "Bearer ya29.user"
    assert query_of(request) == {
        "majorDimension": "ROWS",
        "valueRenderOption": "UNFORMATTED_VALUE",
        "dateTimeRenderOption": "FORMATTED_STRING",
    }


async def test_rows_have_the_names_of_their_columns(site: Site, ctx: BlockContext) -> None:
    site.on(VALUES, answer({"range": "Orders!A1:D3", "values": [["Id", "Total"], [1, 2.5], [2]]}))
    options = {"render": "formula", "dates": "number"}
    output = await run(GoogleSheetsRead, with_token(site), ctx, range="Orders!A1:D", header=True, **options)
    assert output["rows"] == [{"Id": 1, "Total": 2.5}, {"Id": 2, "Total": None}]
    query = query_of(site.requests[0])
    assert (query["valueRenderOption"], query["dateTimeRenderOption"]) == ("FORMULA", "SERIAL_NUMBER")


async def test_an_empty_range_has_no_values(site: Site, ctx: BlockContext) -> None:
    site.on(VALUES, answer({"range": "Orders!A1:D1000", "majorDimension": "ROWS"}))
    for header, values, rows in ((False, [], None), (True, None, [])):
        output = await run(GoogleSheetsRead, with_token(site), ctx, range="Orders!A1:D", header=header)
        assert (output["values"], output["rows"]) == (values, rows)


def test_names_are_each_columns_own() -> None:
    assert named_rows(["A", "", " A ", 7], [["x", "", "z"]]) == [
        {"A": "x", "column_2": None, "column_3": "z", "7": None}
    ]


async def test_rows_are_appended(site: Site, ctx: BlockContext) -> None:
    updates = {
        "spreadsheetId": ID,
        "updatedRange": "Orders!A4:B5",
        "updatedRows": 2,
        "updatedColumns": 2,
        "updatedCells": 4,
    }
    site.on(f"{VALUES}:append", answer({"spreadsheetId": ID, "tableRange": "Orders!A1:B3", "updates": updates}))
    values = [[3, "=A1"], [None, True]]
    output = await run(GoogleSheetsAppend, with_token(site), ctx, range="Orders!A1:D", values=values, input="raw")
    assert output == {"range": "Orders!A4:B5", "rows": 2}
    (request,) = site.requests
    assert request.method == "POST"
    assert query_of(request) == {"valueInputOption": "RAW", "insertDataOption": "INSERT_ROWS"}
    assert body_of(request) == {"majorDimension": "ROWS", "values": values}


async def test_cells_are_written_and_emptied(site: Site, ctx: BlockContext) -> None:
    site.on(VALUES, answer({"spreadsheetId": ID, "updatedRange": "Orders!A1:A1", "updatedRows": 1, "updatedCells": 1}))
    output = await run(GoogleSheetsUpdate, with_token(site), ctx, range="Orders!A1:D", values=[["x"]])
    assert output == {"range": "Orders!A1:A1", "cells": 1}
    assert (site.requests[0].method, query_of(site.requests[0])) == ("PUT", {"valueInputOption": "USER_ENTERED"})
    site.on(f"{VALUES}:clear", answer({"spreadsheetId": ID, "clearedRange": "Orders!A1:D1000"}))
    assert await run(GoogleSheetsClear, with_token(site), ctx, range="Orders!A1:D") == {"range": "Orders!A1:D1000"}
    assert (site.requests[1].method, body_of(site.requests[1])) == ("POST", {})


async def test_new_rows_come_with_their_numbers(site: Site, ctx: BlockContext) -> None:
    def reply(request: Request) -> Reply:
        names, rows = query_of(request)["ranges"].split(",")
        assert names == "'Ada''s'!2:2"
        values = {"'Ada''s'!3:502": [["a", 1], [], ["b"]], "'Ada''s'!6:505": []}[rows]
        found = [{"range": names, "values": [["Name", "N"]]}, {"range": rows, **({"values": values} if values else {})}]
        return answer({"spreadsheetId": ID, "valueRanges": found})

    site.on(f"/v4/spreadsheets/{ID}/values:batchGet", reply)
    config = {"sheet": "Ada's", "header_row": 2}
    first = await run(GoogleSheetsNewRows, with_token(site), ctx, **config)
    assert first == {
        "rows": [{"row": 3, "values": {"Name": "a", "N": 1}}, {"row": 5, "values": {"Name": "b", "N": None}}],
        "last_row": 5,
    }
    again = await run(GoogleSheetsNewRows, with_token(site), ctx, **config, after_row=first["last_row"])
    assert again == {"rows": [], "last_row": 5}


async def test_below_the_end_of_the_sheet_there_is_nothing_new(site: Site, ctx: BlockContext) -> None:
    message = "Range ('Orders'!1001:1500) exceeds grid limits. Max rows: 1000, max columns: 26"
    refused = answer({"error": {"code": 400, "message": message, "status": "INVALID_ARGUMENT"}}, 400)
    site.on(f"/v4/spreadsheets/{ID}/values:batchGet", refused)
    output = await run(GoogleSheetsNewRows, with_token(site), ctx, sheet="Orders", after_row=1000)
    assert output == {"rows": [], "last_row": 1000}


async def test_a_spreadsheet_may_be_named_by_its_address(site: Site, ctx: BlockContext) -> None:
    site.on(VALUES, answer({"values": []}))
    for address in (f"https://docs.google.com/spreadsheets/d/{ID}/edit?gid=0#gid=0", f" {ID} "):
        await run(GoogleSheetsRead, with_token(site), ctx, spreadsheet=address, range="Orders!A1:D")
    assert {unquote(request.target.partition("?")[0]) for request in site.requests} == {unquote(VALUES)}
    with pytest.raises(BlockError, match="neither the id nor the address"):
        await run(GoogleSheetsRead, with_token(site), ctx, spreadsheet="https://evil.example/x", range="A")


async def test_a_service_account_gets_a_token_once(site: Site, ctx: BlockContext, key: RSAPrivateKey, pem: str) -> None:
    granting(site)
    site.on(VALUES, answer({"values": []}))
    for _ in range(2):
        await run(GoogleSheetsRead, service_account(site, pem), ctx, range="Orders!A1:D")
    asked, first, second = site.requests
    assert {request.headers["authorization"] for request in (first, second)} == {"Bearer ya29.1"}
    form = form_of(asked)
    assert form["grant_type"] == "urn:ietf:params:oauth:grant-type:jwt-bearer"
    claims = jwt.decode(form["assertion"], key.public_key(), algorithms=["RS256"], audience=f"{site.url}/token")
    assert (claims["iss"], claims["scope"], claims["exp"] - claims["iat"]) == (EMAIL, SCOPE, 3600)
    assert abs(claims["iat"] - time.time()) < 60
    assert jwt.get_unverified_header(form["assertion"]) == {"alg": "RS256", "typ": "JWT"}


async def test_a_token_is_had_anew_before_it_ends(site: Site, ctx: BlockContext, pem: str) -> None:
    granting(site)
    now = 1000.0
    tokens, account = Tokens(lambda: now), Account(EMAIL, pem, f"{site.url}/token")
    assert await tokens.get(ctx, account) == "ya29.1"
    now += 3538
    assert await tokens.get(ctx, account) == "ya29.1"
    now += 2
    assert await tokens.get(ctx, account) == "ya29.2"
    assert await tokens.get(ctx, account._replace(email="other@x")) == "ya29.3"


async def test_a_token_that_was_taken_back_is_had_anew(site: Site, ctx: BlockContext, pem: str) -> None:
    granting(site)

    def reply(request: Request) -> Reply:
        if request.headers["authorization"] == "Bearer ya29.1":
            return answer({"error": {"code": 401, "message": "Request had invalid credentials."}}, 401)
        return answer({"values": [[1]]})

    site.on(VALUES, reply)
    output = await run(GoogleSheetsRead, service_account(site, pem), ctx, range="Orders!A1:D")
    assert output["values"] == [[1]]
    with pytest.raises(BlockError) as error:
        await run(GoogleSheetsRead, {**with_token(site), "token": "ya29.1"}, ctx, range="Orders!A1:D")
    assert error.value.message == "Google Sheets answered with 401: Request had invalid credentials."


async def test_an_account_that_google_does_not_know_is_told_of(site: Site, ctx: BlockContext, pem: str) -> None:
    refused = {"error": "invalid_grant", "error_description": "Invalid JWT Signature."}
    site.on("/token", answer(refused, 400))
    with pytest.raises(BlockError) as error:
        await run(GoogleSheetsRead, service_account(site, pem), ctx, range="A")
    assert error.value.message == "Google answered with 400: invalid_grant: Invalid JWT Signature."
    granting(site, access_token=None)
    with pytest.raises(BlockError) as error:
        await run(GoogleSheetsRead, service_account(site, pem), ctx, range="A")
    assert error.value.code == "service.unexpected"


async def test_a_key_that_is_none_is_told_of_without_it(site: Site, ctx: BlockContext) -> None:
    broken = "-----BEGIN PRIVATE KEY-----\nc2VjcmV0\n-----END PRIVATE KEY-----\n"
    with pytest.raises(BlockError) as error:
        await run(GoogleSheetsRead, service_account(site, broken), ctx, range="A")
    assert error.value.code == "block.config_invalid"
    assert "c2VjcmV0" not in orjson.dumps(error.value.info.model_dump()).decode()
    assert site.requests == []


@pytest.mark.parametrize("connection", [{}, {"client_email": EMAIL}, {"private_key": "k"}])
async def test_a_connection_that_lacks_something_is_told_of(connection: dict[str, Any], ctx: BlockContext) -> None:
    with pytest.raises(BlockError, match="a `client_email` and a `private_key`, or a `token`"):
        await run(GoogleSheetsRead, connection, ctx, range="A")


async def test_a_quota_that_is_used_up_is_tried_again_after_a_minute(site: Site, ctx: BlockContext) -> None:
    message = "Quota exceeded for quota metric 'Read requests' and limit 'Read requests per minute per user'"
    refused = {"error": {"code": 429, "message": message, "status": "RESOURCE_EXHAUSTED"}}
    site.on(VALUES, answer(refused, 429))
    with pytest.raises(BlockError) as error:
        await run(GoogleSheetsRead, with_token(site), ctx, range="Orders!A1:D")
    assert (error.value.code, error.value.retry_after) == ("http.rate_limited", 60)


@pytest.mark.skipif("GOOGLE_TEST_KEY" not in os.environ, reason="needs GOOGLE_TEST_KEY and GOOGLE_TEST_SPREADSHEET")
async def test_google_itself(ctx: BlockContext) -> None:
    connection, spreadsheet = orjson.loads(os.environ["GOOGLE_TEST_KEY"]), os.environ["GOOGLE_TEST_SPREADSHEET"]
    common = {"spreadsheet": spreadsheet, "range": "A1:B2"}
    await run(GoogleSheetsUpdate, connection, ctx, **common, values=[["Name", "N"], ["a", 1]])
    read = await run(GoogleSheetsRead, connection, ctx, **common, header=True)
    assert read["rows"] == [{"Name": "a", "N": 1}]
    await run(GoogleSheetsClear, connection, ctx, **common)
    assert (await run(GoogleSheetsRead, connection, ctx, **common))["values"] == []
