"""`gnatwork workflow …`: stored workflows."""

from typing import Annotated

import typer

from gnatwork import Client
from gnatwork_cli import workflow_apply
from gnatwork_cli.messages import hint, say
from gnatwork_cli.output import Format, OutputOption, moment, print_data, print_fields, print_rows
from gnatwork_cli.target import client_command
from gnatwork_cli.workflow_app import NameArgument, app
from gnatwork_cli.workflow_files import read_sources
from gnatwork_cli.workflow_plan import check_all
from gnatwork_cli.workflow_version_commands import print_versions

__all__ = ["app"]


@client_command(app)
async def validate(
    client: Client,
    paths: workflow_apply.Paths,
) -> None:
    """Check definitions without storing them; exit 0 if nothing is wrong."""
    sources = await check_all(client, read_sources(paths))
    say(f"Nothing is wrong with {'it' if len(sources) == 1 else f'these {len(sources)}'}.")


@client_command(app, "list")
async def list_(
    client: Client,
    *,
    label: Annotated[
        list[str] | None, typer.Option(metavar="NAME[=VALUE]", help="Only those with this label; may be repeated.")
    ] = None,
    search: Annotated[str | None, typer.Option(metavar="TEXT", help="Only those with this in their name.")] = None,
    owner: Annotated[str | None, typer.Option(metavar="WHO", help="Only those that this one has made.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=500, help="How many at most.")] = 100,
    output: OutputOption = Format.TABLE,
) -> None:
    """List the stored workflows."""
    page = await client.workflows(label=label or (), search=search, owner=owner, limit=limit)
    if output is not Format.TABLE:
        print_data([workflow.model_dump(mode="json") for workflow in page.items], output)
        return
    rows = [
        {
            "workflow": workflow.name,
            "version": workflow.version,
            "newest": workflow.newest,
            "updated": moment(workflow.updated_at),
            "owner": workflow.owner,
            "labels": workflow.labels or None,
        }
        for workflow in page.items
    ]
    empty = "There are none; store one with `gnatwork workflow apply FILE`."
    print_rows(rows, ("workflow", "version", "newest", "updated", "owner", "labels"), empty=empty)
    if page.next_cursor:
        hint("There are more: --limit shows up to 500.")


@client_command(app)
async def show(
    client: Client,
    name: NameArgument,
    version: Annotated[int | None, typer.Argument(metavar="VERSION", min=1, help="Only this version.")] = None,
    output: OutputOption = Format.TABLE,
) -> None:
    """Show a stored workflow: its newest versions, and the definition of the published one."""
    if version is not None:
        found = await client.workflow_version(name, version)
        print_data(found.model_dump(mode="json"), Format.JSON if output is Format.TABLE else output)
        return
    workflow = await client.workflow(name)
    if output is not Format.TABLE:
        print_data(workflow.model_dump(mode="json"), output)
        return
    print_fields(
        {
            "workflow": workflow.name,
            "published": workflow.version,
            "owner": workflow.owner,
            "labels": workflow.labels or None,
            "created": moment(workflow.created_at),
        }
    )
    say()
    print_versions(list(workflow.versions))
    if workflow.definition is not None:
        say("\nDefinition")
        print_data(workflow.definition, Format.JSON)


@client_command(app)
async def delete(
    client: Client,
    names: Annotated[list[str], typer.Argument(help="The names of workflows.", metavar="NAME...", min=1)],
    *,
    force: Annotated[bool, typer.Option("--force", help="Even while runs of them are under way, which go on.")] = False,
) -> None:
    """Delete workflows with all their versions and triggers; runs and their histories stay."""
    for name in names:
        await client.delete_workflow(name, force=force)
        say(f"{name} is deleted.")
