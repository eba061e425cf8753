"""A conversation with a model, until its answer is as it was asked for."""

import asyncio
from typing import Any

from gnatwork_blocks.builtin.llm import Llm
from gnatwork_blocks.chat.completion import Completion, added, no_usage, read_completion
from gnatwork_blocks.chat.fitting import UnfitError, fitting, validator_of
from gnatwork_blocks.context import BlockContext
from gnatwork_blocks.errors import BlockError
from gnatwork_blocks.json_api import JsonApi, bearer

#: Characters of an answer that does not fit, in the error.
_SHOWN = 1000


async def converse(ctx: BlockContext, config: Llm.Config) -> dict[str, Any]:
    """Ask the model; yields `Llm.Output`.

    Raises:
        BlockError: Any code `llm.…`; `http.…` and `service.unexpected` as `JsonApi.call`.
    """
    server = config.connection
    api = JsonApi(
        ctx=ctx,
        service=f"The server of {config.model}",
        base_url=server.base_url,
        headers=bearer(server.token) if server.token else {},
    )
    try:
        async with asyncio.timeout(config.timeout):
            return await _converse(ctx, api, config)
    except TimeoutError as error:
        raise BlockError("http.timeout", f"{api.service} did not answer in time.", retryable=True) from error


async def _converse(ctx: BlockContext, api: JsonApi, config: Llm.Config) -> dict[str, Any]:
    validator = None if config.schema_ is None else validator_of(config.schema_)
    messages = _messages(config)
    usage = no_usage()
    reason = ""
    for request in range(config.repairs + 1):
        completion = await _ask(api, config, messages)
        usage = added(usage, completion.usage)
        ctx.log("info", "the model answered", model=completion.model, finish_reason=completion.finish_reason, **usage)
        output = {
            "text": completion.text,
            "finish_reason": completion.finish_reason,
            "usage": usage,
            "model": completion.model,
        }
        if validator is None:
            return output
        try:
            # Of a large schema and a large answer this takes a while, and the loop has others to serve.
            return output | {"data": await asyncio.to_thread(fitting, completion.text, validator)}
        except UnfitError as error:
            reason = str(error)
        if completion.finish_reason == "length":
            reason = "it was cut off; raise `max_tokens`"
            break
        if request < config.repairs:
            ctx.log("warning", "the answer does not fit the schema; asking again", reason=reason)
            messages = [*messages, *_complaint(completion, reason)]
    raise BlockError(
        "llm.invalid_output",
        f"The answer does not fit the schema: {reason}",
        retryable=True,
        details={"text": completion.text[:_SHOWN], "usage": usage},
    )


async def _ask(api: JsonApi, config: Llm.Config, messages: list[dict[str, Any]]) -> Completion:
    body: dict[str, Any] = {
        **config.extra,
        "model": config.model,
        "messages": messages,
        **config.model_dump(include={"temperature", "max_tokens", "stop", "seed"}, exclude_none=True),
    }
    if config.schema_ is not None:
        schema = {"name": "answer", "schema": config.schema_, "strict": config.strict}
        body["response_format"] = {"type": "json_schema", "json_schema": schema}
    answer = await api.call("POST", "chat/completions", json=body)
    return read_completion(answer.json, config.model)


def _messages(config: Llm.Config) -> list[dict[str, Any]]:
    first = [{"role": "system", "content": config.system}] if config.system is not None else []
    if config.messages is not None:
        return first + [message.model_dump() for message in config.messages]
    return [*first, {"role": "user", "content": config.prompt}]


def _complaint(completion: Completion, reason: str) -> list[dict[str, Any]]:
    """What the model is told of its answer."""
    request = f"Your answer does not fit the JSON Schema: {reason}. Answer once more, with nothing but JSON that fits."
    return [{"role": "assistant", "content": completion.text}, {"role": "user", "content": request}]
