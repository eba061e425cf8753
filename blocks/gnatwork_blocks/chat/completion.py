"""One answer of a model, read from what the server sent."""

from typing import Any, NamedTuple

from gnatwork_blocks.errors import BlockError

_COUNTS = ("prompt_tokens", "completion_tokens", "total_tokens")


class Completion(NamedTuple):
    """What a model said."""

    text: str
    finish_reason: str | None
    model: str
    #: Tokens; what the server does not tell is 0.
    usage: dict[str, int]


def read_completion(answer: Any, model: str) -> Completion:
    """The first choice of an answer.

    Raises:
        BlockError: `llm.refused`, `llm.filtered`; `service.unexpected` when it is no answer of a chat.
    """
    choices = answer.get("choices") if isinstance(answer, dict) else None
    choice = choices[0] if isinstance(choices, list) and choices else None
    message = choice.get("message") if isinstance(choice, dict) else None
    if not isinstance(choice, dict) or not isinstance(message, dict):
        raise BlockError("service.unexpected", "The server answered with something that is no answer of a model.")
    usage = _usage(answer.get("usage"))
    reason = choice.get("finish_reason")
    if isinstance(refusal := message.get("refusal"), str) and refusal:
        raise BlockError("llm.refused", f"The model declines: {refusal[:500]}", details={"usage": usage})
    if reason == "content_filter":
        message = "The server withholds the answer, or a part of it, for its contents."
        raise BlockError("llm.filtered", message, details={"usage": usage})
    text = _text(message.get("content"))
    if text is None:
        raise BlockError("service.unexpected", "The model answered with something that is no text.")
    said = answer.get("model")
    return Completion(
        text=text,
        finish_reason=reason if isinstance(reason, str) else None,
        model=said if isinstance(said, str) else model,
        usage=usage,
    )


def added(one: dict[str, int], other: dict[str, int]) -> dict[str, int]:
    """The tokens of both."""
    return {name: one[name] + other[name] for name in _COUNTS}


def no_usage() -> dict[str, int]:
    """No tokens."""
    return dict.fromkeys(_COUNTS, 0)


def _usage(given: Any) -> dict[str, int]:
    found = given if isinstance(given, dict) else {}
    usage = {name: count if isinstance(count := found.get(name), int) and count >= 0 else 0 for name in _COUNTS}
    usage["total_tokens"] = usage["total_tokens"] or usage["prompt_tokens"] + usage["completion_tokens"]
    return usage


def _text(content: Any) -> str | None:
    """Some servers give the text in parts."""
    if isinstance(content, str):
        return content
    if isinstance(content, list):
        texts = [part.get("text") for part in content if isinstance(part, dict)]
        if texts and all(isinstance(text, str) for text in texts):
            return "".join(texts)  # type: ignore[arg-type]  # each is one
    return None
