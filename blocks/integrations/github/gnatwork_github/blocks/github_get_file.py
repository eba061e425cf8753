"""`github-get-file`: a file of a repository."""

import base64
import binascii
from typing import Any, ClassVar, Literal

from pydantic import BaseModel, Field

from gnatwork_blocks.json_api import JsonApi
from gnatwork_blocks.sdk import Block, BlockContext
from gnatwork_github.api import CONNECTION, GitHubConnection, Repository, github, of_repository
from gnatwork_schemas.model import StrictModel

#: Bytes of an answer: a file of 20 MB in base64.
_MAX_BYTES = 30_000_000


class GitHubGetFile(Block):
    """Reads a file of a repository, up to 20 MB."""

    type = "github-get-file"
    title = "Get a file"
    summary = "Reads a file of a repository of GitHub."
    icon = "github"
    category = "github"
    capabilities = ("network", "secrets")
    examples: ClassVar[tuple[dict[str, Any], ...]] = (
        {"connection": "{{ connections.github }}", "repository": "octocat/hello-world", "path": "README"},
        {
            "connection": "{{ connections.github }}",
            "repository": "octocat/hello-world",
            "path": "docs/index.md",
            "ref": "v1.0",
        },
    )

    class Config(StrictModel):
        """Which file."""

        connection: GitHubConnection = CONNECTION
        repository: Repository
        path: str = Field(min_length=1, description="Where it lies in the repository.")
        ref: str | None = Field(
            default=None, description="A branch, a tag or a commit; the default branch unless given."
        )

    class Output(BaseModel):
        """The file."""

        path: str
        sha: str = Field(description="Names its content.")
        size: int = Field(description="Bytes.")
        content: str = Field(description="Text where it is UTF-8, else base64.")
        encoding: Literal["text", "base64"]
        url: str | None = Field(default=None, description="Where people look at it.")

    async def run(self, ctx: BlockContext, config: Config) -> dict[str, Any]:
        """Read it."""
        api = github(ctx, config.connection, max_bytes=_MAX_BYTES)
        segments = [segment for segment in config.path.split("/") if segment]
        path = of_repository(config.repository, "contents", *segments)
        found = (await api.call("GET", path, query={"ref": config.ref})).json
        if not isinstance(found, dict) or found.get("type") != "file":
            raise api.refused(f"{config.path} is no file")
        content = await _content(api, config.repository, found)
        text = _text(content)
        return {
            "path": found["path"],
            "sha": found["sha"],
            "size": len(content),
            "content": base64.b64encode(content).decode("ascii") if text is None else text,
            "encoding": "base64" if text is None else "text",
            "url": found.get("html_url"),
        }


async def _content(api: JsonApi, repository: str, found: dict[str, Any]) -> bytes:
    """The bytes of a file, which GitHub leaves out of one above 1 MB: then they are a blob of their own."""
    if found.get("encoding") != "base64":
        found = (await api.call("GET", of_repository(repository, "git", "blobs", str(found.get("sha"))))).json
    try:
        return base64.b64decode(found["content"])
    except (binascii.Error, KeyError, TypeError, ValueError):
        raise api.unexpected("a file without its content") from None


def _text(content: bytes) -> str | None:
    try:
        return content.decode()
    except UnicodeDecodeError:
        return None
