"""`github-comment`: comments on an issue or a pull request."""

from typing import Any, ClassVar

from pydantic import BaseModel, Field

from gnatwork_blocks.sdk import Block, BlockContext
from gnatwork_github.api import CONNECTION, GitHubConnection, Repository, github, of_repository
from gnatwork_schemas.model import StrictModel


class GitHubComment(Block):
    """Comments on an issue or a pull request.

    GitHub can't tell a repetition: a comment whose answer got lost is made again by another attempt. Without `retry`
    there is none, and with `"idempotent": false` none either when its executor vanishes.
    """

    type = "github-comment"
    title = "Comment"
    summary = "Comments on an issue or a pull request of GitHub."
    icon = "github"
    category = "github"
    capabilities = ("network", "secrets", "side-effects")
    examples: ClassVar[tuple[dict[str, Any], ...]] = (
        {
            "connection": "{{ connections.github }}",
            "repository": "octocat/hello-world",
            "number": "{{ issue.number }}",
            "body": "It is fixed.",
        },
    )

    class Config(StrictModel):
        """The comment."""

        connection: GitHubConnection = CONNECTION
        repository: Repository
        number: int = Field(ge=1, description="That of the issue or the pull request.")
        body: str = Field(min_length=1, description="In GitHub's Markdown.")

    class Output(BaseModel):
        """The comment."""

        id: int
        url: str = Field(description="Where people look at it.")

    async def run(self, ctx: BlockContext, config: Config) -> dict[str, Any]:
        """Make it."""
        api = github(ctx, config.connection)
        path = of_repository(config.repository, "issues", config.number, "comments")
        comment = (await api.call("POST", path, json={"body": config.body})).json
        if not isinstance(comment, dict) or "id" not in comment:
            raise api.unexpected("no comment")
        return {"id": comment["id"], "url": comment.get("html_url", "")}
