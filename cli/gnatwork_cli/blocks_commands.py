"""`gnatwork blocks …`: what block types there are."""

from typing import Annotated

import typer

from gnatwork import Client
from gnatwork_cli.messages import fail, say
from gnatwork_cli.output import Format, OutputOption, print_data, print_fields, print_rows
from gnatwork_cli.suggestions import block_types
from gnatwork_cli.target import client_command

app = typer.Typer(
    rich_markup_mode=None, add_completion=False, help="Show what block types there are.", no_args_is_help=True
)


@client_command(app, "list")
async def list_(client: Client, output: OutputOption = Format.TABLE) -> None:
    """List the block types that executors have announced, and those that the engine runs itself."""
    blocks = await client.blocks()
    if output is not Format.TABLE:
        print_data([block.model_dump(mode="json", exclude={"v"}) for block in blocks], output)
        return
    rows = [block.model_dump() for block in blocks]
    print_rows(
        rows,
        ("type", "category", "summary"),
        empty="There are none.",
    )


@client_command(app)
async def show(
    client: Client,
    type: Annotated[str, typer.Argument(help="The block type.", autocompletion=block_types)],
    output: OutputOption = Format.TABLE,
) -> None:
    """Show one block type: its config, its output, examples."""
    blocks = {block.type: block for block in await client.blocks()}
    if type not in blocks:
        fail(f"no executor has ever announced a block type {type!r}; there are {', '.join(blocks) or 'none'}")
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
            "answers the caller": "yes" if block.responds else None,
        }
    )
    for title, schema in (("Config", block.config_schema), ("Output", block.output_schema)):
        say(f"\n{title}")
        print_data(schema, Format.YAML)
    for example in block.examples:
        say("\nExample")
        print_data(example, Format.JSON)
