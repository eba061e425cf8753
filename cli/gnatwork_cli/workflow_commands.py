"""`gnatwork workflow …`: stored workflows."""

from typing import Annotated

import typer

from gnatwork import Client
from gnatwork_cli.messages import fail, hint, say
from gnatwork_cli.output import Format, OutputOption, moment, print_data, print_fields, print_rows
from gnatwork_cli.run_input import read_definition
from gnatwork_cli.target import client_command

app = typer.Typer(
    rich_markup_mode=None, add_completion=False, help="Store workflows and look at them.", no_args_is_help=True
)

File = Annotated[str, typer.Argument(help="A file with a definition, `-` for standard input.", metavar="FILE")]


@client_command(app)
async def apply(
    client: Client,
    file: File,
    *,
    name: Annotated[str | None, typer.Option(help="To store it under; default: the `name` in the definition.")] = None,
    output: OutputOption = Format.TABLE,
) -> None:
    """Store a definition as the published version of a workflow."""
    definition = read_definition(file)
    wanted = name or definition.get("name")
    if not isinstance(wanted, str):
        fail("the definition has no `name`; add one, or say --name NAME")
    workflow = await client.put_workflow(wanted, definition)
    if output is not Format.TABLE:
        print_data(workflow.model_dump(mode="json"), output)
        return
    say(f"Version {workflow.version} of {workflow.name} is published; next: gnatwork run start {workflow.name}")


@client_command(app)
async def validate(client: Client, file: File) -> None:
    """Check a definition without storing it; exit 0 if nothing is wrong."""
    await client.validate(read_definition(file))
    say("Nothing is wrong with it.")


@client_command(app, "list")
async def list_(
    client: Client,
    *,
    limit: Annotated[int, typer.Option(min=1, max=500, help="How many at most.")] = 100,
    output: OutputOption = Format.TABLE,
) -> None:
    """List the stored workflows."""
    page = await client.workflows(limit=limit)
    if output is not Format.TABLE:
        print_data([workflow.model_dump(mode="json") for workflow in page.items], output)
        return
    rows = [
        {"workflow": workflow.name, "version": workflow.version, "updated": moment(workflow.updated_at)}
        for workflow in page.items
    ]
    empty = "There are none yet; store one with `gnatwork workflow apply FILE`."
    print_rows(rows, ("workflow", "version", "updated"), empty=empty)
    if page.next_cursor:
        hint("There are more: --limit shows up to 500.")


@client_command(app)
async def show(
    client: Client,
    name: Annotated[str, typer.Argument(help="The name of the workflow.")],
    output: OutputOption = Format.TABLE,
) -> None:
    """Show a stored workflow: its versions, and the definition of the published one."""
    workflow = await client.workflow(name)
    if output is not Format.TABLE:
        print_data(workflow.model_dump(mode="json"), output)
        return
    print_fields({"workflow": workflow.name, "published": workflow.version, "created": moment(workflow.created_at)})
    say()
    rows = [
        {"version": one.version, "created": moment(one.created_at), "control_block": one.control_block}
        for one in workflow.versions
    ]
    print_rows(rows, ("version", "created", "control_block"), empty="It has no versions.")
    if workflow.definition is not None:
        say("\nDefinition")
        print_data(workflow.definition, Format.JSON)
