"""`github-dispatch-workflow`: starts a workflow of GitHub Actions."""

from typing import Any, ClassVar

from pydantic import BaseModel, Field

from gnatwork_blocks.sdk import Block, BlockContext
from gnatwork_github.api import CONNECTION, GitHubConnection, Repository, github, of_repository
from gnatwork_schemas.model import StrictModel


class GitHubDispatchWorkflow(Block):
    """Starts a workflow of GitHub Actions that has the trigger `workflow_dispatch`.

    GitHub can't tell a repetition: a workflow whose answer got lost is started again by another attempt. Without
    `retry` there is none, and with `"idempotent": false` none either when its executor vanishes.
    """

    type = "github-dispatch-workflow"
    title = "Start a workflow of Actions"
    summary = "Starts a workflow of GitHub Actions."
    icon = "github"
    category = "github"
    capabilities = ("network", "secrets", "side-effects")
    examples: ClassVar[tuple[dict[str, Any], ...]] = (
        {
            "connection": "{{ connections.github }}",
            "repository": "octocat/hello-world",
            "workflow": "deploy.yml",
            "ref": "main",
            "inputs": {"version": "{{ input.version }}"},
        },
    )

    class Config(StrictModel):
        """What to start."""

        connection: GitHubConnection = CONNECTION
        repository: Repository
        workflow: str | int = Field(description="The name of its file, or its id.")
        ref: str = Field(min_length=1, description="A branch or a tag.")
        inputs: dict[str, str | int | float | bool] = Field(
            default_factory=dict, max_length=25, description="What the workflow asks for."
        )

    class Output(BaseModel):
        """That GitHub has taken it; it does not say which run that is."""

        dispatched: bool

    async def run(self, ctx: BlockContext, config: Config) -> dict[str, Any]:
        """Start it."""
        path = of_repository(config.repository, "actions", "workflows", config.workflow, "dispatches")
        body = {"ref": config.ref, "inputs": config.inputs}
        await github(ctx, config.connection).call("POST", path, json=body)
        return {"dispatched": True}
