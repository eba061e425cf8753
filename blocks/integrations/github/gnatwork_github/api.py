"""GitHub's REST API: https://docs.github.com/rest."""

from typing import Annotated, Any

from pydantic import BaseModel, Field, StringConstraints

from gnatwork_blocks.json_api import MAX_ANSWER, BaseUrl, JsonApi, Token, bearer, path_of
from gnatwork_blocks.sdk import BlockContext

#: The version of the API that these blocks speak.
API_VERSION = "2022-11-28"
#: Seconds that GitHub wants to be left alone for when it does not say how long.
_PATIENCE = 60.0


class GitHubConnection(BaseModel):
    """A connection of the type `github`, or any other that has a `token`."""

    token: Token
    base_url: BaseUrl = "https://api.github.com"


#: How blocks take it.
CONNECTION = Field(description="`{{ connections.<name> }}`, of the type `github`.")
#: What most blocks are about.
Repository = Annotated[
    str,
    StringConstraints(strip_whitespace=True, pattern=r"^[A-Za-z0-9_.-]+/[A-Za-z0-9_.-]+$"),
    Field(description="`owner/name`."),
]


def github(ctx: BlockContext, connection: GitHubConnection, *, max_bytes: int = MAX_ANSWER) -> JsonApi:
    """What blocks ask of GitHub."""
    return JsonApi(
        ctx=ctx,
        service="GitHub",
        base_url=connection.base_url,
        headers={
            **bearer(connection.token),
            "accept": "application/vnd.github+json",
            "x-github-api-version": API_VERSION,
            "user-agent": "gnatwork",
        },
        says=_says,
        patience=_PATIENCE,
        max_bytes=max_bytes,
    )


def of_repository(repository: str, *segments: str | int) -> str:
    """A path below that of a repository."""
    return path_of("repos", *repository.split("/"), *segments)


def _says(json: Any) -> str | None:
    """GitHub's words for an error, with those about single fields."""
    if not isinstance(json, dict) or not isinstance(json.get("message"), str):
        return None
    told: str = json["message"]
    errors = json.get("errors")
    found = [_field(error) for error in errors] if isinstance(errors, list) else []
    return f"{told} ({'; '.join(found)})" if found else told


def _field(error: Any) -> str:
    if not isinstance(error, dict):
        return str(error)
    parts = (error.get("field"), error.get("message") or error.get("code"))
    return ": ".join(str(part) for part in parts if part)
