"""`llm`, against a server that answers as the real API does."""

import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from support.resources import resources
from support.site import Reply, Request, Site

from gnatwork_blocks.builtin.llm import Llm
from gnatwork_blocks.errors import BlockError
from gnatwork_blocks.sdk import BlockContext
from gnatwork_blocks.shared import Shared
from gnatwork_blocks.testing import Recorder, run_block

PATH = "/v1/chat/completions"
SCHEMA = {
    "type": "object",
    "properties": {"sky": {"enum": ["blue", "grey"]}},
    "required": ["sky"],
    "additionalProperties": False,
}


def said(content: Any, finish_reason: str = "stop", **message: Any) -> Reply:
    """An answer of the API, as recorded."""
    answer = {
        "id": "chatcmpl-B9MBs8CjcvOU2jLn4n570S5qMJKcT",
        "object": "chat.completion",
        "created": 1741569952,
        "model": "gpt-5-mini-2026-04-14",
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": content, "refusal": None, "annotations": []} | message,
                "logprobs": None,
                "finish_reason": finish_reason,
            }
        ],
        "usage": {
            "prompt_tokens": 19,
            "completion_tokens": 10,
            "total_tokens": 29,
            "prompt_tokens_details": {"cached_tokens": 0, "audio_tokens": 0},
        },
        "service_tier": "default",
        "system_fingerprint": None,
    }
    return Reply(headers=(("content-type", "application/json"),), body=json.dumps(answer).encode())


def in_turn(*replies: Reply) -> Callable[[Request], Reply]:
    left = list(replies)
    return lambda _: left.pop(0)


def bodies(site: Site) -> list[dict[str, Any]]:
    return [json.loads(request.body) for request in site.asked(PATH)]


def config(site: Site, **changes: Any) -> dict[str, Any]:
    return {
        "connection": {"base_url": f"{site.url}/v1", "token": "sk-s3cret", "authorization": "Bearer sk-s3cret"},
        "model": "gpt-5-mini",
        "prompt": "What is the sky like?",
    } | changes


async def refusal(ctx: BlockContext, config: dict[str, Any]) -> BlockError:
    with pytest.raises(BlockError) as caught:
        await run_block(Llm, config, ctx)
    assert "sk-s3cret" not in repr((caught.value.message, caught.value.details))
    return caught.value


async def test_a_question_is_answered_and_its_usage_recorded(http: Shared[httpx.AsyncClient], site: Site) -> None:
    site.on(PATH, said("Blue."))
    recorder = Recorder(resources=resources(http=http))
    output = await run_block(Llm, config(site, system="Be brief."), recorder.context())
    usage = {"prompt_tokens": 19, "completion_tokens": 10, "total_tokens": 29}
    assert output == {"text": "Blue.", "finish_reason": "stop", "usage": usage, "model": "gpt-5-mini-2026-04-14"}
    ((level, _, fields),) = recorder.logs
    assert (level, fields["total_tokens"], fields["model"]) == ("info", 29, "gpt-5-mini-2026-04-14")
    (request,) = site.asked(PATH)
    assert request.headers["authorization"] == "Bearer sk-s3cret"
    assert json.loads(request.body) == {
        "model": "gpt-5-mini",
        "messages": [
            {"role": "system", "content": "Be brief."},
            {"role": "user", "content": "What is the sky like?"},
        ],
    }


async def test_all_of_the_request_can_be_said(ctx: BlockContext, site: Site) -> None:
    site.on(PATH, said("Blue.", "length"))
    messages = [
        {
            "role": "user",
            "content": [{"type": "text", "text": "Look."}, {"type": "image_url", "image_url": {"url": "x"}}],
        },
        {"role": "assistant", "content": "I see."},
        {"role": "user", "content": "And?"},
    ]
    asked = config(
        site,
        messages=messages,
        temperature=0,
        max_tokens=5,
        stop=["\n"],
        seed=7,
        extra={"reasoning_effort": "low"},
    )
    del asked["prompt"]
    output = await run_block(Llm, asked, ctx)
    assert output["finish_reason"] == "length"
    assert bodies(site) == [
        {
            "model": "gpt-5-mini",
            "messages": messages,
            "temperature": 0,
            "max_tokens": 5,
            "stop": ["\n"],
            "seed": 7,
            "reasoning_effort": "low",
        }
    ]


async def test_a_server_without_keys_gets_none(ctx: BlockContext, site: Site) -> None:
    site.on(PATH, said("Blue."))
    await run_block(Llm, config(site, connection={"base_url": f"{site.url}/v1/"}), ctx)
    assert "authorization" not in site.asked(PATH)[0].headers


@pytest.mark.parametrize("text", ['{"sky": "blue"}', '```json\n{"sky": "blue"}\n```', '\n```\n{"sky": "blue"}```\n'])
async def test_an_answer_of_a_schema_is_data(ctx: BlockContext, site: Site, text: str) -> None:
    site.on(PATH, said(text))
    output = await run_block(Llm, config(site, schema=SCHEMA, strict=True), ctx)
    assert output["data"] == {"sky": "blue"}
    assert bodies(site)[0]["response_format"] == {
        "type": "json_schema",
        "json_schema": {"name": "answer", "schema": SCHEMA, "strict": True},
    }


@pytest.mark.parametrize("unfit", ["The sky is blue.", '{"sky": "green"}', '{"sky": "blue"', "", "[]"])
async def test_an_answer_that_does_not_fit_may_be_mended(ctx: BlockContext, site: Site, unfit: str) -> None:
    site.on(PATH, in_turn(said(unfit), said('{"sky": "grey"}')))
    output = await run_block(Llm, config(site, schema=SCHEMA), ctx)
    assert output["data"] == {"sky": "grey"}
    assert output["usage"]["total_tokens"] == 58
    _, again = bodies(site)
    assert again["messages"][1] == {"role": "assistant", "content": unfit}
    assert "does not fit" in again["messages"][2]["content"]


async def test_an_answer_that_never_fits_is_an_error(ctx: BlockContext, site: Site) -> None:
    site.on(PATH, said('{"sky": "green"}'))
    error = await refusal(ctx, config(site, schema=SCHEMA, repairs=2))
    assert (error.code, error.retryable) == ("llm.invalid_output", True)
    assert "/sky" in error.message
    assert error.details is not None
    assert error.details["text"] == '{"sky": "green"}'
    assert error.details["usage"]["total_tokens"] == 87
    assert len(site.asked(PATH)) == 3


async def test_an_answer_that_was_cut_off_is_not_asked_for_again(ctx: BlockContext, site: Site) -> None:
    site.on(PATH, said('{"sky": "bl', "length"))
    error = await refusal(ctx, config(site, schema=SCHEMA))
    assert error.code == "llm.invalid_output"
    assert "max_tokens" in error.message
    assert len(site.asked(PATH)) == 1


async def test_a_refusal_and_a_filter_are_errors(ctx: BlockContext, site: Site) -> None:
    site.on(PATH, said(None, refusal="I can't help with that."))
    error = await refusal(ctx, config(site))
    assert (error.code, error.retryable) == ("llm.refused", False)
    assert "I can't help with that." in error.message
    site.on(PATH, said("Some", "content_filter"))
    assert (await refusal(ctx, config(site))).code == "llm.filtered"


@pytest.mark.parametrize(
    ("status", "headers", "retryable", "after"),
    [
        (429, (("retry-after", "7"),), True, 7.0),
        (500, (), True, None),
        (503, (("retry-after", "2"),), True, 2.0),
        (401, (), False, None),
        (404, (), False, None),
    ],
)
async def test_the_words_of_the_server_are_told(  # noqa: PLR0917 - a row of the table
    ctx: BlockContext,
    site: Site,
    status: int,
    headers: tuple[tuple[str, str], ...],
    retryable: bool,
    after: float | None,
) -> None:
    body = json.dumps({"error": {"message": "Not now.", "type": "server_error", "param": None, "code": None}})
    site.on(PATH, Reply(status=status, headers=(("content-type", "application/json"), *headers), body=body.encode()))
    error = await refusal(ctx, config(site))
    assert error.code == ("http.rate_limited" if status == 429 else "http.status")
    assert (error.retryable, error.retry_after) == (retryable, after)
    assert error.details is not None
    assert error.details["message"] == "Not now."


PAGE = b"<html><body><h1>502 Bad Gateway</h1></body></html>"


@pytest.mark.parametrize(
    ("reply", "code"),
    [
        (Reply(body=PAGE, headers=(("content-type", "text/html"),)), "service.unexpected"),
        (Reply(status=502, body=PAGE, headers=(("content-type", "text/html"),)), "http.status"),
        (Reply(body=b'{"choices": ['), "service.unexpected"),
        (Reply(body=b""), "service.unexpected"),
        (Reply(body=b"[]"), "service.unexpected"),
        (Reply(body=b'{"choices": []}'), "service.unexpected"),
        (Reply(body=b'{"choices": [{"message": "hi"}]}'), "service.unexpected"),
        (said(None, "tool_calls", tool_calls=[{"id": "1"}]), "service.unexpected"),
        (said(["a"]), "service.unexpected"),
    ],
)
async def test_what_is_no_answer_is_an_error(ctx: BlockContext, site: Site, reply: Reply, code: str) -> None:
    site.on(PATH, reply)
    assert (await refusal(ctx, config(site))).code == code


async def test_what_the_server_does_not_tell_is_missing(ctx: BlockContext, site: Site) -> None:
    site.on(PATH, Reply(body=b'{"choices": [{"message": {"content": [{"type": "text", "text": "Blue."}]}}]}'))
    assert await run_block(Llm, config(site), ctx) == {
        "text": "Blue.",
        "finish_reason": None,
        "usage": {"prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0},
        "model": "gpt-5-mini",
    }


async def test_a_server_that_thinks_too_long(ctx: BlockContext, site: Site) -> None:
    site.on(PATH, Reply(raw=b"", hang=True))
    error = await refusal(ctx, config(site, timeout="200ms"))
    assert (error.code, error.retryable) == ("http.timeout", True)


@pytest.mark.parametrize("schema", [{"type": "nonsense"}, {"$ref": "http://127.0.0.1:1/schema"}])
async def test_a_schema_that_is_none_asks_nobody(ctx: BlockContext, site: Site, schema: dict[str, Any]) -> None:
    assert (await refusal(ctx, config(site, schema=schema))).code == "llm.invalid_schema"
    assert site.requests == []


@pytest.mark.parametrize(
    "changes",
    [
        {"messages": [{"role": "user", "content": "hi"}]},
        {"prompt": None},
        {"extra": {"tools": []}},
        {"extra": {"stream": True}},
        {"connection": {"base_url": "file:///etc/passwd"}},
        {"connection": {"token": "a\r\nX: y"}},
    ],
)
async def test_what_can_not_be_asked(ctx: BlockContext, site: Site, changes: dict[str, Any]) -> None:
    assert (await refusal(ctx, config(site, **changes))).code == "block.config_invalid"


async def test_private_addresses_are_refused(site: Site) -> None:
    async with resources().http as guarded:
        error = await refusal(Recorder(resources=resources(http=guarded)).context(), config(site))
    assert error.code == "http.blocked_address"
