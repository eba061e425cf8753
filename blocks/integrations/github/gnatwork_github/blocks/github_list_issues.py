"""`github-list-issues`: the issues of a repository."""

from typing import Any, ClassVar, Literal

from pydantic import BaseModel, Field

from gnatwork_blocks.json_api import ApiAnswer
from gnatwork_blocks.json_pages import by_link, read_pages
from gnatwork_blocks.sdk import Block, BlockContext
from gnatwork_github.api import CONNECTION, GitHubConnection, Repository, github, of_repository
from gnatwork_schemas.model import StrictModel

#: The most that GitHub puts on a page.
_PAGE = 100


class GitHubListIssues(Block):
    """Lists issues of a repository, page by page."""

    type = "github-list-issues"
    title = "List issues"
    summary = "Yields issues of a repository of GitHub."
    icon = "github"
    category = "github"
    capabilities = ("network", "secrets")
    examples: ClassVar[tuple[dict[str, Any], ...]] = (
        {"connection": "{{ connections.github }}", "repository": "octocat/hello-world", "labels": ["bug"]},
        {
            "connection": "{{ connections.github }}",
            "repository": "octocat/hello-world",
            "state": "all",
            "since": "{{ input.since }}",
            "sort": "updated",
            "direction": "asc",
            "max_items": 1000,
        },
    )

    class Config(StrictModel):
        """Which issues."""

        connection: GitHubConnection = CONNECTION
        repository: Repository
        state: Literal["open", "closed", "all"] = Field(default="open", description="Whether they are open.")
        labels: list[str] = Field(default_factory=list, max_length=100, description="All of these.")
        assignee: str | None = Field(default=None, description="Who sees to them; `none` for nobody, `*` for anybody.")
        creator: str | None = Field(default=None, description="Who opened them.")
        since: str | None = Field(default=None, description="Changed then or later; ISO 8601.")
        sort: Literal["created", "updated", "comments"] = Field(default="created", description="By what.")
        direction: Literal["asc", "desc"] = Field(default="desc", description="Which way.")
        pull_requests: bool = Field(default=False, description="Pull requests as well, which GitHub counts as issues.")
        max_items: int = Field(default=100, ge=1, le=10_000, description="How many at most.")

    class Output(BaseModel):
        """The issues."""

        issues: list[Any] = Field(description="As GitHub gives them, with `number`, `title` and `html_url`.")
        more: bool = Field(description="Whether there may be more than `max_items`.")

    async def run(self, ctx: BlockContext, config: Config) -> dict[str, Any]:
        """Read all pages."""

        def items(answer: ApiAnswer) -> Any:
            page = answer.json
            if config.pull_requests or not isinstance(page, list):
                return page
            return [issue for issue in page if not (isinstance(issue, dict) and "pull_request" in issue)]

        pages = await read_pages(
            github(ctx, config.connection),
            of_repository(config.repository, "issues"),
            query={
                "state": config.state,
                "labels": ",".join(config.labels) or None,
                "assignee": config.assignee,
                "creator": config.creator,
                "since": config.since,
                "sort": config.sort,
                "direction": config.direction,
                "per_page": _PAGE,
            },
            items=items,
            following=by_link,
            max_items=config.max_items,
        )
        return {"issues": pages.items, "more": pages.more}
