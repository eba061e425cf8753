"""`gnatwork key …`: API keys, what programs call with."""

import time
from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from gnatwork import Client
from gnatwork.pages import all_pages
from gnatwork_cli.messages import hint, say
from gnatwork_cli.output import Format, OutputOption, moment, print_data, print_rows
from gnatwork_cli.role_flags import parse_roles, roles_text
from gnatwork_cli.target import client_command
from gnatwork_schemas.duration import parse_duration
from gnatwork_schemas.people import ApiKey

app = typer.Typer(
    rich_markup_mode=None,
    add_completion=False,
    help="Make API keys, for programs that call the API, and take them back.",
    no_args_is_help=True,
)


@client_command(app, "list")
async def list_(client: Client, output: OutputOption = Format.TABLE) -> None:
    """List your keys; those of everyone if you are the admin of all namespaces."""
    keys = [one async for one in all_pages(lambda cursor: client.keys.list(limit=500, cursor=cursor))]
    if output is not Format.TABLE:
        print_data([key.model_dump(mode="json") for key in keys], output)
        return
    columns = ("id", "name", "roles", "owner", "last_used", "expires")
    print_rows([_row(key) for key in keys], columns, empty="There are none; make one with `gnatwork key create`.")


@client_command(app)
async def create(
    client: Client,
    name: Annotated[str, typer.Argument(help="What it is for.")],
    *,
    role: Annotated[
        list[str] | None,
        typer.Option(
            metavar="[NAMESPACE=]ROLE", help="What it may do, e.g. `team=editor`; default: what you may. Repeatable."
        ),
    ] = None,
    expires_in: Annotated[
        str | None, typer.Option(metavar="DURATION", help="How long it is good, e.g. `90d`; default: for ever.")
    ] = None,
    output: OutputOption = Format.TABLE,
) -> None:
    """Make a key and show it, this once."""
    expires_at = None if expires_in is None else datetime.fromtimestamp(time.time() + _seconds(expires_in), UTC)
    made = await client.keys.create(name, roles=parse_roles(role) if role else None, expires_at=expires_at)
    if output is not Format.TABLE:
        print_data(made.model_dump(mode="json"), output)
        return
    hint(f"The key {made.id}, with the roles {roles_text(made.roles)}; it is shown this once:")
    say(made.key)


@client_command(app)
async def delete(client: Client, key: Annotated[str, typer.Argument(help="The id of the key.")]) -> None:
    """Have a key be refused from now on."""
    await client.keys.delete(key)
    say(f"The key {key} is refused from now on.")


def _seconds(text: str) -> float:
    try:
        return parse_duration(text)
    except ValueError as error:
        raise typer.BadParameter(f"--expires-in {text}: {error}") from None


def _row(key: ApiKey) -> dict[str, Any]:
    return {
        **key.model_dump(),
        "roles": roles_text(key.roles),
        "last_used": moment(key.last_used_at),
        "expires": moment(key.expires_at),
    }
