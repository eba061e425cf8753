"""`gnatwork dlq …`: the messages that no one could read."""

from typing import Annotated

import typer

from gnatwork import Client
from gnatwork_cli.messages import hint
from gnatwork_cli.output import Format, OutputOption, moment, print_data, print_rows
from gnatwork_cli.target import client_command

app = typer.Typer(rich_markup_mode=None, add_completion=False, no_args_is_help=True)


@app.callback()
def dlq() -> None:
    """Show the messages that no one could read."""


@client_command(app, "list")
async def list_(
    client: Client,
    limit: Annotated[int, typer.Option(min=1, max=500, help="How many at most.")] = 20,
    output: OutputOption = Format.TABLE,
) -> None:
    """List the dead letters of all namespaces, the newest first."""
    page = await client.dead_letters(limit=limit)
    if output is not Format.TABLE:
        print_data([letter.model_dump(mode="json", exclude={"v"}) for letter in page.items], output)
        return
    rows = [
        {
            "at": moment(letter.at),
            "subject": letter.subject,
            "error": f"{letter.error.code}: {letter.error.message}",
            "body": letter.body if len(letter.body) <= 120 else f"{letter.body[:120]}…",
        }
        for letter in page.items
    ]
    print_rows(rows, ("at", "subject", "error", "body"), empty="There are no dead letters.")
    if page.next_cursor:
        hint("There are more: --limit shows up to 500.")
