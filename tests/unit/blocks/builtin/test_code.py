"""Code as a block: both languages, what they print, and where their requests may go."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import orjson
import pytest
from support.resources import resources
from support.site import Reply, Request, Site

from gnatwork_blocks.builtin.code import Code
from gnatwork_blocks.javascript.service import JavaScript
from gnatwork_blocks.python.service import Python
from gnatwork_blocks.sdk import BlockError
from gnatwork_blocks.shared import Shared
from gnatwork_blocks.testing import Recorder, run_block

TOKEN = "t0ps3cret"


@pytest.fixture(scope="module")
async def python() -> AsyncIterator[Python]:
    async with Python() as python:
        yield python


@pytest.fixture
def recorder(http: Shared[httpx.AsyncClient], javascript: JavaScript, python: Python) -> Recorder:
    return Recorder(
        resources=resources(http=http, javascript=Shared(lambda: javascript), python=Shared(lambda: python))
    )


async def code(recorder: Recorder, language: str, source: str, **config: Any) -> Any:
    ctx = recorder.context(redact=lambda text: text.replace(TOKEN, "[redacted]"))
    return await run_block(Code, {"language": language, "source": source, **config}, ctx)


async def failure(recorder: Recorder, language: str, source: str, **config: Any) -> BlockError:
    with pytest.raises(BlockError) as caught:
        await code(recorder, language, source, **config)
    return caught.value


def connected(site: Site, path: str = "", **values: Any) -> dict[str, Any]:
    """A config with a connection to the site."""
    return {"connection": {"base_url": f"{site.url}{path}", "authorization": f"Bearer {TOKEN}", **values}}


_JAVASCRIPT = """
function main({ n }) {
  console.log("n is", n);
  console.error("bad");
  return { twice: 2 * n };
}"""
_STRICT = """
"use strict";
const main = async ({ n }) => {
  console.log("n is", n);
  console.error("bad");
  return { twice: 2 * n };
} // end"""
_PYTHON = """
import sys

def main(x):
    print("n is", x["n"])
    return {"twice": 2 * x["n"]}"""


@pytest.mark.parametrize(
    ("language", "source"), [("javascript", _JAVASCRIPT), ("javascript", _STRICT), ("python", _PYTHON)]
)
async def test_a_function_is_called_and_what_it_prints_is_logged(
    recorder: Recorder, language: str, source: str
) -> None:
    assert await code(recorder, language, source, input={"n": 21}) == {"twice": 42}
    assert ("info", "n is 21", {}) in recorder.logs
    assert language == "python" or recorder.logs[1] == ("error", "bad", {})


async def test_another_entry_and_no_input(recorder: Recorder) -> None:
    assert await code(recorder, "javascript", "function go(input) { return [input] }", entry="go") == [None]
    assert await code(recorder, "python", "def go(input): return [input]", entry="go") == [None]


async def test_a_javascript_error_has_its_name_and_line(recorder: Recorder) -> None:
    source = "function half(n) {\n  return n.half.way;\n}\nasync function main() {\n  return half(0);\n}"
    error = await failure(recorder, "javascript", source)
    assert (error.code, error.details) == ("code.error", {"name": "TypeError", "line": 2})
    assert not error.retryable


async def test_a_missing_entry_is_told_how_it_is_written(recorder: Recorder) -> None:
    error = await failure(recorder, "javascript", "function other() {}")
    assert (error.code, "function main(input) { … }" in error.message) == ("code.no_entry", True)


@pytest.mark.parametrize("entry", ["gnatwork_call", "console", "x", "missing"])
async def test_what_is_no_function_of_the_source_is_not_called(recorder: Recorder, entry: str) -> None:
    assert (await failure(recorder, "javascript", "let x = 1", entry=entry)).code == "code.no_entry"


@pytest.mark.parametrize(
    "config",
    [
        {"entry": "a.b"},
        {"entry": "main()"},
        {"timeout": 0},
        {"timeout": 1e9},
        {"memory": 10_000},
        {"language": "perl"},
        {"http": {"connection": {"token": "t0ken"}}},
        {"http": {"connection": {"base_url": "ftp://example.com"}}},
        {"http": {"connection": {"base_url": "https://user:pw@example.com"}}},
        {"source": ""},
    ],
)
async def test_configs_that_mean_nothing(recorder: Recorder, config: dict[str, Any]) -> None:
    assert (await failure(recorder, **{"language": "python", "source": "1", **config})).code == "block.config_invalid"


async def test_without_a_connection_there_is_no_way_out(recorder: Recorder) -> None:
    assert await code(recorder, "javascript", "function main() { return typeof fetch }") == "undefined"
    error = await failure(recorder, "python", "def main(x): return http('https://example.com')")
    assert error.details == {"name": "NameError", "line": 1}


_FETCHES = {
    "javascript": """
        async function main(path) {
          const answer = await fetch(path, { method: "post", headers: { "x-a": 1 }, body: JSON.stringify([1]) });
          return [answer.status, answer.ok, answer.headers.get("X-B"), await answer.json()];
        }""",
    "python": """
import json

def main(path):
    answer = http(path, method="post", headers={"x-a": "1"}, body=json.dumps([1]))
    ok = 200 <= answer["status"] < 300
    return [answer["status"], ok, answer["headers"]["x-b"], json.loads(answer["text"])]""",
}


@pytest.mark.parametrize("language", _FETCHES)
async def test_requests_carry_the_credentials_and_the_code_never_sees_them(
    site: Site, recorder: Recorder, language: str
) -> None:
    def echo(request: Request) -> Reply:
        return Reply(body=orjson.dumps(request.headers), headers=(("x-b", request.headers["authorization"]),))

    site.replies["/v1/orders"] = echo
    found = await code(recorder, language, _FETCHES[language], input="/orders", http=connected(site, "/v1/"))
    assert found[:3] == [200, True, "Bearer [redacted]"]
    assert (found[3]["x-a"], found[3]["authorization"]) == ("1", "Bearer [redacted]")
    (request,) = site.requests
    assert (request.method, request.target, request.body) == ("POST", "/v1/orders", b"[1]")
    assert request.headers["authorization"] == f"Bearer {TOKEN}"


async def test_a_connection_that_is_a_header_adds_that(site: Site, recorder: Recorder) -> None:
    site.on("/x", Reply())
    http = {"connection": {"base_url": site.url, "name": "x-key", "value": TOKEN}}
    await code(recorder, "python", "def main(x): return http('x')['status']", http=http)
    assert site.requests[0].headers["x-key"] == TOKEN


_STATUS = "async function main(url) { return (await fetch(url)).status }"


@pytest.mark.parametrize("end", ["/v1", "/v1/a?b=../c", "a/b", "?q=1"])
async def test_where_code_may_go(site: Site, recorder: Recorder, end: str) -> None:
    site.on("*", Reply())
    url = end if not end.startswith("/v1") else f"{site.url}{end}"
    assert await code(recorder, "javascript", _STATUS, input=url, http=connected(site, "/v1")) == 200
    assert site.requests[0].target.startswith("/v1")


@pytest.mark.parametrize(
    "url",
    [
        "{site}/",
        "{site}/v2",
        "{site}/v10",
        "{site}/v1/../v2",
        "{site}/v1/%2e%2e/v2",
        "{site}/v1/%252e%252e/v2",
        "{site}/v1/..%5cv2",
        "{site}/v1/..;/v2",
        "{site}/v1/%2e%2e%3Ba=b/v2",
        "{site}/v1/..%00/v2",
        "{site}/v1/.%09./v2",
        "../v2",
        "http://example.com/v1",
        "http://127.0.0.1:1/v1",
        "http://user@127.0.0.1/v1",
        "file:///v1",
        "javascript:1",
        "http://[::1",
    ],
)
async def test_where_it_may_not(site: Site, recorder: Recorder, url: str) -> None:
    config = {"input": url.format(site=site.url), "http": connected(site, "/v1")}
    error = await failure(recorder, "javascript", _STATUS, **config)
    assert (error.code, error.details["name"] if error.details else "") == ("code.error", "HttpError")
    assert not error.retryable
    assert not site.requests


@pytest.mark.parametrize(
    "options",
    [
        "{ headers: { Authorization: 'mine' } }",
        "{ headers: { host: 'mine' } }",
        "{ headers: { 'X-Original-URL': '/v2' } }",
        "{ headers: { 'a\\nb': 'mine' } }",
        "{ headers: { 'transfer-encoding': 'chunked' } }",
        "{ method: 'CONNECT' }",
        "{ body: {} }",
    ],
)
async def test_what_code_may_not_send(site: Site, recorder: Recorder, options: str) -> None:
    source = f"async function main() {{ return (await fetch('/x', {options})).status }}"
    assert (await failure(recorder, "javascript", source, http=connected(site))).code == "code.error"
    assert not site.requests


async def test_redirects_are_answers(site: Site, recorder: Recorder) -> None:
    site.on("/x", Reply(status=302, headers=(("location", "http://example.com/"),)))
    assert await code(recorder, "javascript", _STATUS, input="/x", http=connected(site)) == 302


async def test_many_at_once_and_no_more_than_allowed(site: Site, recorder: Recorder) -> None:
    site.on("*", Reply(body=b"7"))
    source = """
        async function main() {
          const all = Array.from({ length: 60 }, (_, at) => fetch(`/${at}`).then(found => found.json(), () => 'no'));
          return await Promise.all(all);
        }"""
    found = await code(recorder, "javascript", source, http=connected(site))
    assert (found.count(7), found.count("no")) == (50, 10)
    assert len(site.requests) == 50


async def test_an_answer_that_does_not_come_can_be_caught_and_else_is_worth_another_attempt(
    site: Site, recorder: Recorder
) -> None:
    site.on("/x", Reply(close=True, raw=b""))
    source = "def main(x):\n    try:\n        http('x')\n    except OSError:\n        return 'caught'"
    assert await code(recorder, "python", source, http=connected(site)) == "caught"
    error = await failure(recorder, "python", "def main(x): return http('x')", http=connected(site))
    assert (error.code, error.retryable) == ("code.error", True)


async def test_waiting_for_an_answer_is_not_computing(site: Site, recorder: Recorder) -> None:
    held = Reply(body=b"1", hang=False)
    site.on("/x", held)
    source = "async function main() { for (let at = 0; at < 40; at++) await fetch('/x'); return 'done' }"
    assert await code(recorder, "javascript", source, http=connected(site), timeout=1) == "done"


async def test_private_addresses_stay_out_of_reach(site: Site, javascript: JavaScript) -> None:
    recorder = Recorder(resources=resources(javascript=Shared(lambda: javascript)))
    try:
        error = await failure(recorder, "javascript", _STATUS, input="/x", http=connected(site))
        assert "HttpError" in error.message
    finally:
        await recorder.resources.http.aclose()
    assert not site.requests
