"""`gnatwork workflow apply`, `import` and `export`: workflows from files, and to files."""

from pathlib import Path
from typing import Annotated, Any

import typer

from gnatwork import Client, Page, RequestError
from gnatwork.pages import all_pages
from gnatwork_cli.messages import fail, hint, say
from gnatwork_cli.output import Format, OutputOption, print_data, print_rows
from gnatwork_cli.target import client_command
from gnatwork_cli.workflow_app import app
from gnatwork_cli.workflow_files import FileFormat, as_text, read_sources, write_sources
from gnatwork_cli.workflow_plan import Step, check_all, make_plan, perform
from gnatwork_cli.workflow_text import diff_lines
from gnatwork_schemas.workflow import WorkflowSummary

Paths = Annotated[
    list[str],
    typer.Argument(help="Files and folders with definitions, JSON or YAML; `-` for standard input.", metavar="PATH..."),
]
#: How a dry run says that something would change.
_WOULD_CHANGE = 2


@client_command(app)
async def apply(
    client: Client,
    paths: Paths,
    *,
    name: Annotated[
        str | None, typer.Option(help="To store it under; default: the `name` in it, or that of the file.")
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only show what would change; exit 2 if something would.")
    ] = False,
    draft: Annotated[bool, typer.Option("--draft", help="Make versions without publishing them.")] = False,
    prune: Annotated[
        bool, typer.Option("--prune", help="Delete workflows that carry --label and are not among the definitions.")
    ] = False,
    label: Annotated[
        list[str] | None, typer.Option(metavar="NAME=VALUE", help="Which workflows --prune may delete.")
    ] = None,
    output: OutputOption = Format.TABLE,
) -> None:
    """Store definitions as the published versions of their workflows, and show what changes.

    All are checked before any is stored. A definition that is the newest version already makes no new one.
    """
    if prune is not bool(label):
        raise typer.BadParameter("--prune and --label go together: only workflows with the label are deleted")
    sources = await check_all(client, read_sources(paths, name))
    steps = await make_plan(client, sources, publish=not draft, prune=label or ())
    if dry_run:
        _show(steps, output)
        if any(step.change != "unchanged" for step in steps):
            raise typer.Exit(_WOULD_CHANGE)
        return
    await _perform(client, steps, output, publish=not draft)


client_command(app, "import")(apply)


@client_command(app)
async def export(
    client: Client,
    names: Annotated[
        list[str] | None, typer.Argument(help="The names of workflows; all of them unless given.", metavar="NAME...")
    ] = None,
    *,
    to: Annotated[str, typer.Option(metavar="DIR", help="A folder, for a file each; `-` for standard output.")] = "-",
    format: Annotated[FileFormat, typer.Option(help="How to write them.")] = FileFormat.JSON,
) -> None:
    """Write the published definitions to files, as `apply` reads them."""
    definitions = {}
    for name in names or [one.name async for one in all_pages(lambda cursor: _page(client, cursor))]:
        workflow = await client.workflow(name)
        if workflow.definition is None:
            hint(f"{name} has no published version and is left out.")
            continue
        definitions[name] = workflow.definition
    if not definitions:
        fail("there is nothing to export")
    if to == "-":
        say(as_text(list(definitions.values()), format).rstrip("\n"))
        return
    for file in write_sources(Path(to), definitions, format):
        say(str(file))


async def _page(client: Client, cursor: str | None) -> Page[WorkflowSummary]:
    return await client.workflows(limit=500, cursor=cursor)


def _show(steps: list[Step], output: Format) -> None:
    if output is not Format.TABLE:
        print_data([step.document() for step in steps], output)
        return
    for step in steps:
        say(f"{step.name}: {step.change}")
        if step.diff and step.change != "unchanged":
            for line in diff_lines(step.diff):
                say(f"  {line}")


async def _perform(client: Client, steps: list[Step], output: Format, *, publish: bool) -> None:
    """Do all that can be done, and end with 1 if something could not."""
    if output is Format.TABLE:
        _show([step for step in steps if step.change != "unchanged"], output)
    rows, failed = list[dict[str, Any]](), 0
    for step in steps:
        row: dict[str, Any] = {"workflow": step.name, "change": step.change, "version": None}
        try:
            row["version"] = await perform(client, step, publish=publish)
        except RequestError as error:
            failed += 1
            hint(f"{step.name}: {error}")
            row["change"] = "failed"
        rows.append(row)
    if output is not Format.TABLE:
        print_data(rows, output)
    elif len(rows) > 1:
        say()
        print_rows(rows, ("workflow", "change", "version"), empty="")
    elif not failed and (version := rows[0]["version"]):
        _say_next(steps[0].name, version, publish=publish)
    if failed:
        fail(f"{failed} of {len(steps)} could not be applied")


def _say_next(name: str, version: int, *, publish: bool) -> None:
    if publish:
        say(f"Version {version} of {name} is published; next: gnatwork run start {name}")
    else:
        say(f"Version {version} of {name} is stored; next: gnatwork workflow publish {name} {version}")
