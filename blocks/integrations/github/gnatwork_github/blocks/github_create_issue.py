"""`github-create-issue`: opens an issue."""

from typing import Any, ClassVar

from pydantic import BaseModel, Field

from gnatwork_blocks.sdk import Block, BlockContext
from gnatwork_github.api import CONNECTION, GitHubConnection, Repository, github, of_repository
from gnatwork_schemas.model import StrictModel


class GitHubCreateIssue(Block):
    """Opens an issue.

    GitHub can't tell a repetition: an issue whose answer got lost is opened again by another attempt. Without `retry`
    there is none, and with `"idempotent": false` none either when its executor vanishes.
    """

    type = "github-create-issue"
    title = "Create an issue"
    summary = "Opens an issue in a repository of GitHub."
    icon = "github"
    category = "github"
    capabilities = ("network", "secrets", "side-effects")
    examples: ClassVar[tuple[dict[str, Any], ...]] = (
        {
            "connection": "{{ connections.github }}",
            "repository": "octocat/hello-world",
            "title": "The build of {{ input.version }} failed",
            "labels": ["bug"],
        },
    )

    class Config(StrictModel):
        """The issue."""

        connection: GitHubConnection = CONNECTION
        repository: Repository
        title: str = Field(min_length=1, description="Its title.")
        body: str | None = Field(default=None, description="In GitHub's Markdown.")
        labels: list[str] = Field(default_factory=list, max_length=100, description="Names of labels.")
        assignees: list[str] = Field(default_factory=list, max_length=10, description="Who is to see to it.")
        milestone: int | None = Field(default=None, description="The number of a milestone.")

    class Output(BaseModel):
        """The issue."""

        number: int
        url: str = Field(description="Where people look at it.")
        issue: Any = Field(default=None, description="All that GitHub says of it.")

    async def run(self, ctx: BlockContext, config: Config) -> dict[str, Any]:
        """Open it."""
        body = config.model_dump(exclude={"connection", "repository"}, exclude_none=True, exclude_defaults=True)
        api = github(ctx, config.connection)
        issue = (await api.call("POST", of_repository(config.repository, "issues"), json=body)).json
        if not isinstance(issue, dict) or "number" not in issue:
            raise api.unexpected("no issue")
        return {"number": issue["number"], "url": issue.get("html_url", ""), "issue": issue}
