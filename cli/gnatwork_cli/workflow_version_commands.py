"""`gnatwork workflow versions`, `diff`, `publish`, `rollback`."""

from typing import Annotated

import typer

from gnatwork import Client
from gnatwork_cli.messages import fail, hint, say
from gnatwork_cli.output import Format, OutputOption, moment, print_data, print_rows
from gnatwork_cli.target import client_command
from gnatwork_cli.workflow_app import NameArgument, app
from gnatwork_cli.workflow_files import read_sources
from gnatwork_cli.workflow_text import diff_lines
from gnatwork_schemas.workflow import NumberedVersion, Workflow

Version = Annotated[int | None, typer.Argument(metavar="VERSION", min=1)]


@client_command(app)
async def versions(
    client: Client,
    name: NameArgument,
    *,
    limit: Annotated[int, typer.Option(min=1, max=500, help="How many at most.")] = 50,
    output: OutputOption = Format.TABLE,
) -> None:
    """List the versions of a workflow, the newest first."""
    page = await client.workflow_versions(name, limit=limit)
    if output is not Format.TABLE:
        print_data([version.model_dump(mode="json") for version in page.items], output)
        return
    print_versions(page.items)
    if page.next_cursor:
        hint("There are more: --limit shows up to 500.")


@client_command(app)
async def diff(
    client: Client,
    name: NameArgument,
    old: Annotated[int | None, typer.Argument(metavar="OLD", min=1, help="Default: the published version.")] = None,
    new: Annotated[int | None, typer.Argument(metavar="NEW", min=1, help="Default: the newest version.")] = None,
    *,
    file: Annotated[
        str | None,
        typer.Option("--file", "-f", metavar="FILE", help="A definition in the place of NEW; `-` for stdin."),
    ] = None,
    output: OutputOption = Format.TABLE,
) -> None:
    """Show what changes from one version to another, or to a file, block by block."""
    if file and new:
        raise typer.BadParameter("give either NEW or --file")
    workflow = await client.workflow(name)
    before = old or workflow.version or workflow.newest
    if file:
        (source,) = read_sources([file], name)
        found = await client.diff_workflow(name, source.definition, old=before)
    else:
        found = await client.diff_workflow(name, new or workflow.newest, old=before)
    if output is not Format.TABLE:
        print_data(found.model_dump(mode="json"), output)
        return
    for line in diff_lines(found):
        say(line)
    if found.same:
        hint(f"There is no difference to version {before}.")


@client_command(app)
async def publish(
    client: Client, name: NameArgument, version: Version = None, output: OutputOption = Format.TABLE
) -> None:
    """Publish a version, the newest one unless another is named; runs under way keep theirs."""
    workflow = await client.workflow(name)
    await _publish(client, workflow, version or workflow.newest, output)


@client_command(app)
async def rollback(
    client: Client, name: NameArgument, version: Version = None, output: OutputOption = Format.TABLE
) -> None:
    """Publish an earlier version, the one before the published one unless another is named."""
    workflow = await client.workflow(name)
    if version is None:
        version = await _before(client, workflow)
    await _publish(client, workflow, version, output)


def print_versions(versions: list[NumberedVersion]) -> None:
    """Versions, a line each."""
    rows = [
        {
            "version": one.version,
            "published": "yes" if one.published else "",
            "created": moment(one.created_at),
            "by": one.created_by,
            "control_block": one.control_block,
        }
        for one in versions
    ]
    print_rows(rows, ("version", "published", "created", "by", "control_block"), empty="It has no versions.")


async def _before(client: Client, workflow: Workflow) -> int:
    """The version before the published one."""
    if workflow.version is None:
        fail(f"{workflow.name} has no published version to go back from")
    page = await client.workflow_versions(workflow.name, limit=500)
    while True:
        for one in page.items:
            if one.version < workflow.version:
                return one.version
        if page.next_cursor is None:
            fail(f"version {workflow.version} of {workflow.name} is the first one")
        page = await client.workflow_versions(workflow.name, limit=500, cursor=page.next_cursor)


async def _publish(client: Client, workflow: Workflow, version: int, output: Format) -> None:
    """Publish it if nobody has changed the workflow since it was looked at."""
    published = await client.publish_workflow(workflow.name, version, revision=workflow.revision)
    if output is not Format.TABLE:
        print_data(published.model_dump(mode="json"), output)
        return
    before = "" if workflow.version in {None, version} else f" in the place of {workflow.version}"
    say(f"Version {published.version} of {workflow.name} is published{before}.")
