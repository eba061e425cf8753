"""`code`: calls a function of the user's, in JavaScript or Python."""

from importlib import import_module
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field, StringConstraints

from gnatwork_blocks.calls import limits
from gnatwork_blocks.calls.conversation import Call
from gnatwork_blocks.calls.web_connection import WebConnection
from gnatwork_blocks.errors import BlockError
from gnatwork_blocks.sdk import Block, BlockContext
from gnatwork_schemas.model import StrictModel


class CodeHttp(StrictModel):
    """Where requests may go."""

    connection: WebConnection = Field(
        description="A whole connection, `{{ connections.shop }}`, that has a `base_url` and is bound to `code`."
    )


class Code(Block):
    """Each call has an interpreter of its own: nothing that one leaves behind is seen by another."""

    type = "code"
    title = "Code"
    summary = "Calls a function in JavaScript or Python, in a sandbox that can reach nothing."
    icon = "code"
    category = "code"
    capabilities = ("cpu", "network", "secrets", "side-effects")
    examples: ClassVar[tuple[dict[str, Any], ...]] = (
        {
            "language": "javascript",
            "source": "function main(order) {\n  return order.lines.reduce((sum, line) => sum + line.price, 0);\n}",
            "input": "{{ input.order }}",
        },
        {
            "language": "python",
            "source": "def main(order):\n    return sum(line['price'] for line in order['lines'])",
            "input": "{{ input.order }}",
            "timeout": 2,
        },
        {
            "language": "javascript",
            "source": "async function main(id) {\n  return (await fetch(`/orders/${id}`)).json();\n}",
            "input": "{{ input.id }}",
            "http": {"connection": "{{ connections.shop }}"},
        },
    )

    class Config(StrictModel):
        """The function, and what it is called with."""

        language: Literal["javascript", "python"]
        source: Annotated[str, StringConstraints(min_length=1)] = Field(
            description="The program: it defines the function, and may hold whatever that needs."
        )
        entry: Annotated[str, StringConstraints(pattern=r"^[A-Za-z_][A-Za-z0-9_]{0,99}$")] = Field(
            default="main", description="The name of the function; it may be `async`."
        )
        input: Any = Field(default=None, description="What the function is called with.")
        timeout: Annotated[float, Field(gt=0, le=limits.LONGEST_TIMEOUT)] = Field(
            default=limits.TIMEOUT, description="Seconds that it may compute. Waiting for answers does not count."
        )
        memory: Annotated[int, Field(ge=1, le=limits.MOST_MEMORY)] = Field(
            default=limits.MEMORY, description="MiB that it may allocate."
        )
        http: CodeHttp | None = Field(
            default=None, description="Lets it make requests, `fetch(…)` in JavaScript and `http(…)` in Python."
        )

    async def run(self, ctx: BlockContext, config: Config) -> Any:
        """Call the function."""
        # Loaded when needed: it takes several megabytes with it.
        web = import_module("gnatwork_blocks.calls.web").Web(ctx, config.http.connection) if config.http else None
        call = Call(
            source=config.source,
            entry=config.entry,
            value=config.input,
            timeout=config.timeout,
            memory=config.memory,
            say=ctx.log,
            fetch=web.fetch if web else None,
        )
        try:
            return await (ctx.javascript if config.language == "javascript" else ctx.python).call(call)
        except BlockError as error:
            if web is None or not web.retryable or error.code != "code.error":
                raise
            # The function may have failed for want of an answer.
            raise BlockError(error.code, error.message, retryable=True, details=error.details) from error
