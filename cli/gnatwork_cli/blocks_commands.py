"""`gnatwork blocks …`: what block types there are, and packages of new ones."""

import shlex
from collections.abc import Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated

import typer

from gnatwork import Client
from gnatwork_blocks import registry
from gnatwork_cli.loop import clear_errors
from gnatwork_cli.messages import fail, say
from gnatwork_cli.output import Format, OutputOption, moment, print_data, print_fields, print_rows
from gnatwork_cli.scaffold.names import checked_names
from gnatwork_cli.scaffold.writing import write_package
from gnatwork_cli.suggestions import block_types
from gnatwork_cli.target import client_command

app = typer.Typer(
    rich_markup_mode=None,
    add_completion=False,
    help="Show what block types there are, and begin a new one.",
    no_args_is_help=True,
)


@client_command(app, "list")
async def list_(client: Client, output: OutputOption = Format.TABLE) -> None:
    """List the block types that executors have announced, and those that the engine runs itself.

    Below them stands what executors were told to host and can't, with the reasons.
    """
    blocks, executors = await client.blocks(), await client.executors()
    if output is not Format.TABLE:
        print_data([block.model_dump(mode="json", exclude={"v"}) for block in blocks], output)
        return
    rows = [{**block.model_dump(), "hosted_by": _hosts(block.executors)} for block in blocks]
    print_rows(rows, ("type", "category", "hosted_by", "summary"), empty="There are none.")
    for executor in executors:
        for name, reason in executor.disabled.items():
            say(f"\n{name} is unavailable in {executor.executor}: {reason}")


@client_command(app, "executors")
async def executors_(client: Client, output: OutputOption = Format.TABLE) -> None:
    """List the executors that live, with the block types that they host; one that was killed shows for a minute."""
    found = [executor.model_dump(mode="json", exclude={"v"}) for executor in await client.executors()]
    if output is not Format.TABLE:
        print_data(found, output)
        return
    rows = [
        {
            "executor": executor["executor"],
            "since": moment(executor["started_at"]),
            "blocks": ", ".join(f"{name} {version}" for name, version in executor["blocks"].items()),
            "unavailable": ", ".join(executor["disabled"]),
        }
        for executor in found
    ]
    print_rows(rows, ("executor", "since", "blocks", "unavailable"), empty="None lives.")


@app.command()
def new(
    name: Annotated[str, typer.Argument(help="The type of its first block, such as `say-hello`.")],
    directory: Annotated[
        Path | None, typer.Option(help="The folder of the package; `gnatwork-NAME` here unless given.", file_okay=False)
    ] = None,
) -> None:
    """Write a package of blocks of your own: a block, its tests, and what it takes to install it."""
    with clear_errors():
        names = checked_names(name, {*registry.names(), *registry.groups()})
        folder = directory or Path(names.distribution)
        write_package(names, folder)
    say(f"{folder} has the block {names.name}.\n")
    say(f"  cd {shlex.quote(str(folder))}")
    say("  pip install --editable '.[dev]'    # beside Gnatwork; `gnatwork up` hosts it from the next start on")
    say("  pytest")


@client_command(app)
async def show(
    client: Client,
    type: Annotated[str, typer.Argument(help="The block type.", autocompletion=block_types)],
    output: OutputOption = Format.TABLE,
) -> None:
    """Show one block type: its config, its output, examples."""
    blocks = {block.type: block for block in await client.blocks()}
    if type not in blocks:
        close = get_close_matches(type, blocks, n=1)
        what = f"did you mean {close[0]!r}?" if close else "`gnatwork blocks list` shows those that there are"
        fail(f"no executor has ever announced a block type {type!r}; {what}")
    block = blocks[type]
    if output is not Format.TABLE:
        print_data(block.model_dump(mode="json", exclude={"v"}), output)
        return
    print_fields(
        {
            "type": block.type,
            "version": block.version,
            "title": block.title,
            "summary": block.summary,
            "ports": ", ".join(("out", "error", *block.ports)),
            "capabilities": ", ".join(block.capabilities) or None,
            "retryable errors": ", ".join(block.retryable) or None,
            "answers the caller": "yes" if block.responds else None,
            "hosted by": ", ".join(block.executors or ()) or _hosts(block.executors),
        }
    )
    for title, schema in (("Config", block.config_schema), ("Output", block.output_schema)):
        say(f"\n{title}")
        print_data(schema, Format.YAML)
    for example in block.examples:
        say("\nExample")
        print_data(example, Format.JSON)


def _hosts(executors: Sequence[str] | None) -> str:
    """Who hosts a block type, for a narrow column."""
    if executors is None:
        return "the engine"
    return f"{len(executors)} executor{'s' if len(executors) > 1 else ''}" if executors else "nobody now"
