"""`llm`: asks a language model."""

from pkgutil import resolve_name
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from gnatwork_blocks.sdk import Block, BlockContext
from gnatwork_schemas.duration import PositiveDuration
from gnatwork_schemas.model import StrictModel

#: They are made of the other fields, or change how the answer comes.
_OURS = frozenset({
    "function_call", "functions", "max_tokens", "messages", "model", "n", "response_format", "seed", "stop", "stream",
    "stream_options", "temperature", "tool_choice", "tools",
})  # fmt: skip


class ModelServer(BaseModel):
    """Who answers: what a connection of the type `bearer` has."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    #: None for a server that wants no key.
    token: Annotated[str, StringConstraints(strip_whitespace=True, pattern=r"^[\x21-\x7E]+$")] | None = None
    #: What `/chat/completions` is added to.
    base_url: Annotated[str, StringConstraints(strip_whitespace=True, pattern=r"^https?://[^\s?#]+$")] = (
        "https://api.openai.com/v1"
    )


class ChatMessage(StrictModel):
    """A part of the conversation."""

    role: Literal["system", "developer", "user", "assistant"]
    content: str | list[dict[str, Any]] = Field(
        description="Text, or parts as the API has them, such as `{type: image_url, …}`."
    )


class Llm(Block):
    """Asks a language model through the chat API that OpenAI made and most others offer.

    The model is given no tools, and answers at once, not as a stream. With `schema` the answer is JSON that fits; when
    it does not, the model is shown what is wrong and asked again. Another attempt of the task asks, and costs, anew.
    """

    type = "llm"
    title = "Language model"
    summary = "Asks a language model and yields its answer, as text or as JSON of a schema."
    icon = "sparkles"
    category = "data"
    capabilities = ("network", "secrets")
    retryable = ("llm.invalid_output",)
    examples: ClassVar[tuple[dict[str, Any], ...]] = (
        {
            "connection": "{{ connections.openai }}",
            "model": "gpt-5-mini",
            "system": "You summarise for busy people.",
            "prompt": "{{ page.body }}",
        },
        {
            "connection": "{{ connections.openai }}",
            "model": "gpt-5-mini",
            "prompt": "Which products does this complaint name? {{ input.mail }}",
            "schema": {
                "type": "object",
                "properties": {"products": {"type": "array", "items": {"type": "string"}}},
                "required": ["products"],
                "additionalProperties": False,
            },
        },
    )

    class Config(
        StrictModel,
        populate_by_name=False,
        json_schema_extra={"oneOf": [{"required": ["prompt"]}, {"required": ["messages"]}]},
    ):
        """What to ask: `prompt`, or a conversation as `messages`."""

        connection: ModelServer = Field(
            default_factory=ModelServer,
            description="`{token?, base_url?}`: mention a connection of the type `bearer`. Without `base_url` it is "
            "OpenAI's own.",
        )
        model: Annotated[str, StringConstraints(min_length=1, max_length=200)] = Field(
            description="Name of the model, as the server calls it."
        )
        prompt: str | None = Field(default=None, description="What the user says.")
        system: str | None = Field(default=None, description="How the model shall behave; comes first.")
        messages: list[ChatMessage] | None = Field(
            default=None, min_length=1, max_length=1000, description="The conversation so far."
        )
        temperature: float | None = Field(default=None, ge=0, le=2, description="How freely it chooses its words.")
        max_tokens: int | None = Field(default=None, ge=1, description="Most tokens of the answer.")
        stop: str | list[str] | None = Field(default=None, description="Texts before which the answer ends.")
        seed: int | None = Field(default=None, description="The same answer for the same seed, where there are seeds.")
        schema_: dict[str, Any] | None = Field(
            default=None, alias="schema", description="JSON Schema that the answer has to fit; it comes as `data`."
        )
        strict: bool = Field(
            default=False, description="Have the server keep to the schema, which then has to be of the kind it takes."
        )
        repairs: int = Field(
            default=1, ge=0, le=3, description="How often the model may mend an answer that does not fit the schema."
        )
        extra: dict[str, Any] = Field(
            default_factory=dict,
            description="Further fields of the request, such as `max_completion_tokens` or `reasoning_effort`.",
        )
        timeout: PositiveDuration | None = Field(
            default=None, description="For all of it; by default the block's own timeout holds."
        )

        @model_validator(mode="after")
        def _check(self) -> Self:
            if (self.prompt is None) == (self.messages is None):
                raise ValueError("give `prompt` or `messages`")
            if ours := sorted(_OURS & self.extra.keys()):
                raise ValueError(f"{ours[0]!r} can't be among `extra`")
            return self

    class Output(BaseModel):
        """The answer."""

        text: str = Field(description="The answer as it came.")
        data: Any = Field(default=None, description="The answer as JSON; only with `schema`.")
        finish_reason: str | None = Field(description="Why it ended: `stop`, or `length` when it is cut off.")
        usage: dict[str, int] = Field(
            description="`{prompt_tokens, completion_tokens, total_tokens}`, of all requests together."
        )
        model: str = Field(description="Which model answered, as the server calls it.")

    async def run(self, ctx: BlockContext, config: Config) -> dict[str, Any]:
        """Ask, and again as long as the answer does not fit and may be mended."""
        converse = resolve_name("gnatwork_blocks.chat.conversation:converse")
        output: dict[str, Any] = await converse(ctx, config)
        return output
