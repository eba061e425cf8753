"""What blocks of services with a JSON HTTP API share."""

from typing import Any

import orjson
import pytest
from support.site import Reply, Request, Site

from gnatwork_blocks.errors import BlockError
from gnatwork_blocks.json_api import JsonApi, bearer, path_of, said
from gnatwork_blocks.sdk import BlockContext

JSON = ("content-type", "application/json")


def answer(json: Any, status: int = 200, **headers: str) -> Reply:
    names = tuple((name.replace("_", "-"), value) for name, value in headers.items())
    return Reply(status=status, headers=(JSON, *names), body=orjson.dumps(json))


def api(site: Site, ctx: BlockContext) -> JsonApi:
    return JsonApi(ctx=ctx, service="Shop", base_url=f"{site.url}/v1/", headers=bearer("t0k"))


async def refusal(site: Site, ctx: BlockContext, reply: Reply) -> BlockError:
    site.on("/v1/x", reply)
    with pytest.raises(BlockError) as error:
        await api(site, ctx).call("POST", "x", json={})
    return error.value


async def test_a_request_carries_what_all_carry_and_what_is_its_own(site: Site, ctx: BlockContext) -> None:
    site.on("/v1/items", answer({"n": 1}, x_page="2"))
    found = await api(site, ctx).call(
        "GET", "/items", query={"a": 1, "b": [True, "x y"], "c": None}, headers={"x-own": "1"}
    )
    request = site.requests[0]
    assert (found.status, found.json, found.headers["x-page"], found.size) == (200, {"n": 1}, "2", 7)
    assert request.target == "/v1/items?a=1&b=true&b=x+y"
    assert {name: request.headers[name] for name in ("authorization", "x-own", "accept")} == {
        "authorization": "Bearer t0k",
        "x-own": "1",
        "accept": "application/json",
    }


async def test_json_and_forms_say_what_they_are(site: Site, ctx: BlockContext) -> None:
    site.on("/v1/items", answer({}))
    await api(site, ctx).call("POST", "items", json={"text": "grüß"})
    await api(site, ctx).call("POST", "items", form={"a": "x&y", "b": None})
    await api(site, ctx).call("PUT", "items", content=b"\x00", headers={"content-type": "image/png"})
    sent = [(request.headers["content-type"], request.body) for request in site.requests]
    assert sent == [
        ("application/json; charset=utf-8", '{"text":"grüß"}'.encode()),
        ("application/x-www-form-urlencoded", b"a=x%26y"),
        ("image/png", b"\x00"),
    ]


async def test_an_empty_answer_is_none(site: Site, ctx: BlockContext) -> None:
    site.on("/v1/x", Reply(status=204))
    assert (await api(site, ctx).call("DELETE", "x")).json is None


async def test_an_error_has_the_words_of_the_service(site: Site, ctx: BlockContext) -> None:
    error = await refusal(site, ctx, answer({"message": "No such\nitem " + "x" * 600}, 404))
    assert (error.code, error.retryable) == ("http.status", False)
    assert error.message.startswith("Shop answered with 404: No such item xxx")
    assert len(error.message) < 550
    assert error.details is not None
    assert error.details["status"] == 404


async def test_an_error_without_words_shows_its_beginning(site: Site, ctx: BlockContext) -> None:
    error = await refusal(site, ctx, Reply(status=502, body=b"<h1>Bad Gateway</h1>" + b"x" * 9000))
    assert (error.code, error.message, error.retryable) == ("http.status", "Shop answered with 502.", True)
    assert error.details is not None
    assert error.details["body"].startswith("<h1>Bad Gateway</h1>")


@pytest.mark.parametrize("reply", [Reply(body=b"<html>hello</html>"), Reply(body=b'{"cut": ')])
async def test_what_is_not_json_is_unexpected(site: Site, ctx: BlockContext, reply: Reply) -> None:
    assert (await refusal(site, ctx, reply)).code == "service.unexpected"


@pytest.mark.parametrize(
    ("reply", "seconds"),
    [
        (answer({}, 429, retry_after="7"), 7),
        (answer({}, 429), None),
        (answer({"message": "You have exceeded a secondary rate limit."}, 403, retry_after="60"), 60),
        (answer({"message": "API rate limit exceeded"}, 403, x_ratelimit_remaining="0", x_ratelimit_reset="1"), 1),
    ],
)
async def test_too_many_requests_are_tried_again_when_the_service_says(
    site: Site, ctx: BlockContext, reply: Reply, seconds: float | None
) -> None:
    error = await refusal(site, ctx, reply)
    assert (error.code, error.retryable, error.retry_after) == ("http.rate_limited", True, seconds)


async def test_other_addresses_get_no_credentials(site: Site, ctx: BlockContext) -> None:
    for url in ("https://elsewhere.example/v1/x", f"{site.url}.evil.example/", f"{site.url}0/x"):
        with pytest.raises(BlockError, match="not its own"):
            await api(site, ctx).call("GET", url)
    site.on("/other?x=1", answer(1))
    site.on("/other", answer(1))
    assert (await api(site, ctx).call("GET", f"{site.url}/other?x=1")).json == 1


async def test_a_redirect_is_followed_only_where_nothing_is_changed(site: Site, ctx: BlockContext) -> None:
    site.redirect("/v1/old", f"{site.url}/v1/new", 301)
    site.on("/v1/new", answer("here"))
    assert (await api(site, ctx).call("GET", "old")).json == "here"
    with pytest.raises(BlockError) as error:
        await api(site, ctx).call("POST", "old", json={})
    assert (error.value.code, error.value.details) == ("http.status", {"status": 301})


async def test_a_redirect_elsewhere_takes_no_credentials_along(site: Site, ctx: BlockContext) -> None:
    site.redirect("/v1/old", f"http://localhost:{site.port}/v1/new", 301)
    site.on("/v1/new", answer("there"))
    keyed = JsonApi(ctx=ctx, service="Shop", base_url=f"{site.url}/v1", headers={"x-key": "t0k", "accept": "a/b"})
    assert (await keyed.call("GET", "old", headers={"x-own": "1"})).json == "there"
    sent = [request.headers.get("x-key") for request in site.requests]
    assert sent == ["t0k", None]
    assert site.requests[1].headers["x-own"] == "1"


@pytest.mark.parametrize(
    ("json", "words"),
    [
        ({"message": "a"}, "a"),
        ({"error": "b"}, "b"),
        ({"error": {"message": "c", "code": 1}}, "c"),
        ({"error": "invalid_grant", "error_description": "d"}, "d"),
        ({"ok": False, "description": "e"}, "e"),
        ({"error": {"code": 1}}, None),
        (["f"], None),
    ],
)
def test_where_services_say_why(json: Any, words: str | None) -> None:
    assert said(json) == words


def test_a_segment_is_nothing_but_a_segment() -> None:
    assert path_of("repos", "a/b", "..?x", 7) == "repos/a%2Fb/..%3Fx/7"


@pytest.mark.parametrize("segment", [".", ".."])
def test_a_segment_leads_nowhere_else(segment: str) -> None:
    with pytest.raises(BlockError) as error:
        path_of("repos", "a", segment, "user")
    assert error.value.code == "block.config_invalid"


async def test_a_request_tells_of_its_run(site: Site, ctx: BlockContext) -> None:
    ctx.traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"

    def reply(request: Request) -> Reply:
        return answer(request.headers["traceparent"])

    site.on("/v1/x", reply)
    assert (await api(site, ctx).call("GET", "x")).json == ctx.traceparent
