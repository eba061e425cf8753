"""`response`: what the waiting caller of a run gets."""

from typing import Any, ClassVar

from pydantic import BaseModel, Field

from gnatwork_blocks.headers import Headers
from gnatwork_blocks.sdk import Block, BlockContext
from gnatwork_schemas.model import StrictModel


class Response(Block):
    """Answers whoever waits for the run."""

    type = "response"
    title = "Response"
    summary = "Answers the waiting caller with a status, headers and a body."
    icon = "reply"
    category = "flow"
    responds = True
    examples: ClassVar[tuple[dict[str, Any], ...]] = (
        {"status": 200, "body": {"count": "{{ news.headlines.length }}"}},
        {"status": 404, "headers": {"cache-control": "no-store"}, "body": "There is no such page."},
    )

    class Config(StrictModel):
        """The answer."""

        status: int = Field(default=200, ge=200, le=599, description="HTTP status.")
        headers: Headers = Field(default_factory=dict, description="HTTP headers.")
        body: Any = Field(default=None, description="Any JSON.")

    class Output(BaseModel):
        """The answer, as it is sent."""

        status: int
        headers: dict[str, str]
        body: Any

    async def run(self, ctx: BlockContext, config: Config) -> dict[str, Any]:  # noqa: ARG002 - as every block
        """Yield the answer."""
        return {"status": config.status, "headers": config.headers, "body": config.body}
