"""The blocks of GitHub, against answers as its documentation shows them."""

import base64
import os
from typing import Any

import pytest
from support.services import answer, body_of, query_of
from support.site import Reply, Request, Site

from gnatwork_blocks.sdk import Block, BlockContext, BlockError
from gnatwork_blocks.testing import run_block
from gnatwork_github.blocks.github_comment import GitHubComment
from gnatwork_github.blocks.github_create_issue import GitHubCreateIssue
from gnatwork_github.blocks.github_dispatch_workflow import GitHubDispatchWorkflow
from gnatwork_github.blocks.github_get_file import GitHubGetFile
from gnatwork_github.blocks.github_list_issues import GitHubListIssues
from gnatwork_github.blocks.github_request import GitHubRequest

REPOSITORY = "octocat/Hello-World"
ISSUES = "/api/v3/repos/octocat/Hello-World/issues"
# https://docs.github.com/rest/issues/issues#create-an-issue
ISSUE = {
    "id": 1,
    "node_id": "MDU6SXNzdWUx",
    "url": "https://api.github.com/repos/octocat/Hello-World/issues/1347",
    "html_url": "https://github.com/octocat/Hello-World/issues/1347",
    "number": 1347,
    "state": "open",
    "title": "Found a bug",
    "body": "I'm having a problem with this.",
    "user": {"login": "octocat", "id": 1},
    "labels": [{"id": 208045946, "name": "bug"}],
}


async def run(block: type[Block], site: Site, ctx: BlockContext, **config: Any) -> Any:
    connection = {"token": "ghp_none", "webhook_secret": "unused", "base_url": f"{site.url}/api/v3"}
    return await run_block(block, {"connection": connection, **config}, ctx)


async def refusal(site: Site, ctx: BlockContext, reply: Reply) -> BlockError:
    site.on(ISSUES, reply)
    with pytest.raises(BlockError) as error:
        await run(GitHubCreateIssue, site, ctx, repository=REPOSITORY, title="x")
    return error.value


async def test_an_issue_is_opened(site: Site, ctx: BlockContext) -> None:
    site.on(ISSUES, answer(ISSUE, 201))
    config = {"title": "Found a bug", "body": "I'm having a problem with this.", "labels": ["bug"]}
    output = await run(GitHubCreateIssue, site, ctx, repository=REPOSITORY, **config)
    assert output == {"number": 1347, "url": ISSUE["html_url"], "issue": ISSUE}
    (request,) = site.requests
    assert body_of(request) == config
    assert {
        name: request.headers[name] for name in ("authorization", "accept", "x-github-api-version", "user-agent")
    } == {
        "authorization": "Bearer ghp_none",
        "accept": "application/vnd.github+json",
        "x-github-api-version": "2022-11-28",
        "user-agent": "gnatwork",
    }


async def test_a_comment_is_made(site: Site, ctx: BlockContext) -> None:
    comment = {
        "id": 1,
        "html_url": "https://github.com/octocat/Hello-World/issues/1347#issuecomment-1",
        "body": "Me too",
    }
    site.on(f"{ISSUES}/1347/comments", answer(comment, 201))
    output = await run(GitHubComment, site, ctx, repository=REPOSITORY, number=1347, body="Me too")
    assert output == {"id": 1, "url": comment["html_url"]}
    assert body_of(site.requests[0]) == {"body": "Me too"}


def by_pages(site: Site) -> None:
    """Three pages, linked as GitHub links them."""

    def reply(request: Request) -> Reply:
        page = int(query_of(request).get("page", 1))
        here = f"{site.url}/api/v3/repositories/1300192/issues?state=open&page="
        links = (
            [f'<{here}{page + 1}>; rel="next"', f'<{here}3>; rel="last"'] if page < 3 else [f'<{here}1>; rel="first"']
        )
        issues = [{"number": page * 10}, {"number": page * 10 + 1, "pull_request": {"url": "x"}}]
        return answer(issues, link=", ".join(links))

    site.on(ISSUES, reply)
    site.on("/api/v3/repositories/1300192/issues", reply)


async def test_all_pages_of_issues_are_read(site: Site, ctx: BlockContext) -> None:
    by_pages(site)
    output = await run(GitHubListIssues, site, ctx, repository=REPOSITORY, labels=["bug", "p1"], since="2026-01-01")
    assert output == {"issues": [{"number": 10}, {"number": 20}, {"number": 30}], "more": False}
    assert query_of(site.requests[0]) == {
        "state": "open",
        "labels": "bug,p1",
        "since": "2026-01-01",
        "sort": "created",
        "direction": "desc",
        "per_page": "100",
    }
    assert [query_of(request).get("page") for request in site.requests] == [None, "2", "3"]


async def test_pull_requests_are_issues_where_that_is_asked_for(site: Site, ctx: BlockContext) -> None:
    by_pages(site)
    output = await run(GitHubListIssues, site, ctx, repository=REPOSITORY, pull_requests=True, max_items=3)
    assert [issue["number"] for issue in output["issues"]] == [10, 11, 20]
    assert output["more"] is True


# https://docs.github.com/rest/repos/contents#get-repository-content
def file(content: bytes) -> dict[str, Any]:
    encoded = base64.encodebytes(content).decode()
    return {
        "type": "file",
        "encoding": "base64",
        "size": len(content),
        "name": "README.md",
        "path": "docs/README.md",
        "content": encoded,
        "sha": "3d21ec53a331a6f037a91c368710b99387d012c1",
        "html_url": "https://github.com/octokit/octokit.rb/blob/master/README.md",
    }


@pytest.mark.parametrize(
    ("content", "expected", "encoding"),
    [("Grüße\n".encode() * 50, "Grüße\n" * 50, "text"), (b"\xff\x00", "/wA=", "base64")],
)
async def test_a_file_is_text_or_base64(
    site: Site, ctx: BlockContext, content: bytes, expected: str, encoding: str
) -> None:
    site.on("/api/v3/repos/octocat/Hello-World/contents/docs/a%20b.md", answer(file(content)))
    output = await run(GitHubGetFile, site, ctx, repository=REPOSITORY, path="/docs/a b.md", ref="v1")
    assert (output["content"], output["encoding"], output["size"]) == (expected, encoding, len(content))
    assert query_of(site.requests[0]) == {"ref": "v1"}


async def test_a_large_file_is_read_as_the_blob_that_it_is(site: Site, ctx: BlockContext) -> None:
    contents = "/api/v3/repos/octocat/Hello-World/contents/large"
    site.on(contents, answer({**file(b""), "content": "", "encoding": "none", "size": 2_000_000}))
    blob = {"content": base64.b64encode(b"x" * 2_000_000).decode(), "encoding": "base64", "size": 2_000_000}
    site.on("/api/v3/repos/octocat/Hello-World/git/blobs/3d21ec53a331a6f037a91c368710b99387d012c1", answer(blob))
    output = await run(GitHubGetFile, site, ctx, repository=REPOSITORY, path="large")
    assert (output["size"], len(output["content"])) == (2_000_000, 2_000_000)


async def test_a_folder_is_no_file(site: Site, ctx: BlockContext) -> None:
    site.on("/api/v3/repos/octocat/Hello-World/contents/docs", answer([{"type": "file", "name": "a"}]))
    with pytest.raises(BlockError, match="docs is no file"):
        await run(GitHubGetFile, site, ctx, repository=REPOSITORY, path="docs")


async def test_a_workflow_is_started(site: Site, ctx: BlockContext) -> None:
    path = "/api/v3/repos/octocat/Hello-World/actions/workflows/deploy.yml/dispatches"
    site.on(path, Reply(status=204))
    config = {"workflow": "deploy.yml", "ref": "main", "inputs": {"version": "1.2"}}
    assert await run(GitHubDispatchWorkflow, site, ctx, repository=REPOSITORY, **config) == {"dispatched": True}
    assert body_of(site.requests[0]) == {"ref": "main", "inputs": {"version": "1.2"}}


async def test_any_request_can_be_made(site: Site, ctx: BlockContext) -> None:
    site.on("/api/v3/repos/o/r/labels", answer({"name": "bug"}, 201))
    output = await run(GitHubRequest, site, ctx, method="POST", path="/repos/o/r/labels", json={"name": "bug"})
    assert output == {"status": 201, "body": {"name": "bug"}}
    site.on("/api/v3/user/starred/o/r", Reply(status=204))
    output = await run(GitHubRequest, site, ctx, path="/user/starred/o/r", query={"a": [1, 2], "b": None})
    assert output == {"status": 204, "body": None}
    assert query_of(site.requests[-1]) == {"a": "1,2"}


@pytest.mark.parametrize("path", ["https://evil.example/", "repos", "/a b", "/a?b=1"])
async def test_a_request_has_a_path_alone(site: Site, ctx: BlockContext, path: str) -> None:
    with pytest.raises(BlockError) as error:
        await run(GitHubRequest, site, ctx, path=path)
    assert error.value.code == "block.config_invalid"


@pytest.mark.parametrize("repository", ["octocat", "a/b/c", "a /b", "../b?x"])
async def test_a_repository_has_an_owner_and_a_name(site: Site, ctx: BlockContext, repository: str) -> None:
    with pytest.raises(BlockError, match="/repository"):
        await run(GitHubCreateIssue, site, ctx, repository=repository, title="x")


async def test_github_says_which_field_is_wrong(site: Site, ctx: BlockContext) -> None:
    json = {
        "message": "Validation Failed",
        "errors": [{"resource": "Issue", "field": "assignees", "code": "invalid"}, {"message": "too many labels"}],
        "documentation_url": "https://docs.github.com/rest/issues/issues#create-an-issue",
    }
    error = await refusal(site, ctx, answer(json, 422))
    assert (error.code, error.retryable) == ("http.status", False)
    assert error.message == "GitHub answered with 422: Validation Failed (assignees: invalid; too many labels)"


@pytest.mark.parametrize(
    ("reply", "seconds"),
    [
        (answer({"message": "You have exceeded a secondary rate limit. Please wait."}, 403), 60),
        (answer({"message": "You have exceeded a secondary rate limit."}, 429, retry_after="13"), 13),
        (
            answer(
                {"message": "API rate limit exceeded for user ID 1."},
                403,
                x_ratelimit_remaining="0",
                x_ratelimit_reset="0",
            ),
            0,
        ),
    ],
)
async def test_too_many_requests_wait_as_long_as_github_says(
    site: Site, ctx: BlockContext, reply: Reply, seconds: float
) -> None:
    error = await refusal(site, ctx, reply)
    assert (error.code, error.retryable, error.retry_after) == ("http.rate_limited", True, seconds)


async def test_a_token_without_the_right_to_it_is_an_error(site: Site, ctx: BlockContext) -> None:
    error = await refusal(site, ctx, answer({"message": "Resource not accessible by personal access token"}, 403))
    assert (error.code, error.retryable) == ("http.status", False)


@pytest.mark.skipif("GITHUB_TEST_TOKEN" not in os.environ, reason="needs GITHUB_TEST_TOKEN and GITHUB_TEST_REPOSITORY")
async def test_github_itself(ctx: BlockContext) -> None:
    connection, repository = {"token": os.environ["GITHUB_TEST_TOKEN"]}, os.environ["GITHUB_TEST_REPOSITORY"]
    common = {"connection": connection, "repository": repository}
    opened = await run_block(GitHubCreateIssue, {**common, "title": "A test"}, ctx)
    await run_block(GitHubComment, {**common, "number": opened["number"], "body": "A comment."}, ctx)
    path = f"/repos/{repository}/issues/{opened['number']}"
    closed = {"connection": connection, "method": "PATCH", "path": path, "json": {"state": "closed"}}
    assert (await run_block(GitHubRequest, closed, ctx))["body"]["state"] == "closed"
    listed = await run_block(GitHubListIssues, {**common, "state": "closed", "max_items": 5}, ctx)
    assert opened["number"] in [issue["number"] for issue in listed["issues"]]
