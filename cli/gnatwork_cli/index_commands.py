"""`gnatwork index …`: the manager's run index."""

import typer

from gnatwork import Client
from gnatwork_cli.messages import say
from gnatwork_cli.target import client_command

app = typer.Typer(rich_markup_mode=None, add_completion=False, no_args_is_help=True)


@app.callback()
def index() -> None:
    """Look after the manager's run index."""


@client_command(app)
async def rebuild(client: Client) -> None:
    """Make the index anew from the status documents; lists are incomplete until it is done."""
    await client.rebuild_index()
    say("The manager makes its index anew; `gnatwork run list` is complete again in a moment.")
