"""`github-request`: anything else that GitHub can do."""

from typing import Any, ClassVar, Literal

from pydantic import BaseModel, Field

from gnatwork_blocks.sdk import Block, BlockContext
from gnatwork_github.api import CONNECTION, GitHubConnection, github
from gnatwork_schemas.model import StrictModel

_Scalar = str | int | float | bool


class GitHubRequest(Block):
    """Makes any request to GitHub's REST API.

    What a repetition does depends on the request; without `retry` there is none but after its executor vanished, and
    with `"idempotent": false` not even then.
    """

    type = "github-request"
    title = "Any request"
    summary = "Makes any request to the REST API of GitHub."
    icon = "github"
    category = "github"
    capabilities = ("network", "secrets", "side-effects")
    examples: ClassVar[tuple[dict[str, Any], ...]] = (
        {"connection": "{{ connections.github }}", "path": "/repos/octocat/hello-world/releases/latest"},
        {
            "connection": "{{ connections.github }}",
            "method": "PUT",
            "path": "/repos/octocat/hello-world/issues/{{ input.number }}/lock",
            "json": {"lock_reason": "resolved"},
        },
    )

    class Config(StrictModel, populate_by_name=False):
        """The request."""

        connection: GitHubConnection = CONNECTION
        method: Literal["GET", "POST", "PUT", "PATCH", "DELETE"] = Field(default="GET", description="HTTP method.")
        path: str = Field(
            pattern=r"^/[^\s?#]*$", description="As GitHub's documentation has it, below the address of the API."
        )
        query: dict[str, _Scalar | list[_Scalar] | None] = Field(
            default_factory=dict, description="Query parameters; a list repeats its name, null leaves it out."
        )
        json_: Any = Field(default=None, alias="json", description="Sent as JSON.")

    class Output(BaseModel):
        """The answer."""

        status: int
        body: Any = Field(default=None, description="The JSON of the answer; null where there is none.")

    async def run(self, ctx: BlockContext, config: Config) -> dict[str, Any]:
        """Make it."""
        answer = await github(ctx, config.connection).call(
            config.method, config.path, query=config.query, json=config.json_
        )
        return {"status": answer.status, "body": answer.json}
