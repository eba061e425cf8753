"""`gnatwork connection …`: credentials under a name."""

import sys
from typing import Annotated, Any

import typer

from gnatwork import Client, RequestError
from gnatwork_cli.connection_values import Secrets, complete, read_values
from gnatwork_cli.messages import fail, hint, say
from gnatwork_cli.output import Format, OutputOption, moment, print_data, print_fields, print_rows
from gnatwork_cli.stack_plan import parse_blocks
from gnatwork_cli.target import client_command
from gnatwork_manager.connections.sealing import generate_key
from gnatwork_schemas.connections import SECRET_VALUES, VALUES, ConnectionView
from gnatwork_schemas.integration import ConnectionKind

app = typer.Typer(
    rich_markup_mode=None,
    add_completion=False,
    help="Store credentials under a name; workflows mention them and never hold them.",
    no_args_is_help=True,
)

Name = Annotated[str, typer.Argument(help="The name of the connection.")]


@client_command(app, "list")
async def list_(
    client: Client,
    *,
    limit: Annotated[int, typer.Option(min=1, max=500, help="How many at most.")] = 100,
    output: OutputOption = Format.TABLE,
) -> None:
    """List the connections; their values are never shown."""
    page = await client.connections.list(limit=limit)
    if output is not Format.TABLE:
        print_data([one.model_dump(mode="json") for one in page.items], output)
        return
    columns = ("name", "type", "offers", "blocks", "updated_at", "updated_by", "authorization")
    print_rows(
        [_row(one) for one in page.items], columns, empty="There are none; store one with `gnatwork connection set`."
    )
    if page.next_cursor:
        hint("There are more: --limit shows up to 500.")


@client_command(app)
async def types(client: Client, output: OutputOption = Format.TABLE) -> None:
    """List the types of connections there are, with their values and where to find them."""
    page = await client.connections.types()
    if output is not Format.TABLE:
        print_data([one.model_dump(mode="json") for one in page.items], output)
        return
    print_rows([_type_row(one) for one in page.items], ("type", "title", "values", "help"), empty="There are none.")


@client_command(app)
async def show(client: Client, name: Name, output: OutputOption = Format.TABLE) -> None:
    """Show what a connection is and what templates can mention of it, never its values."""
    _print(await client.connections.get(name), output)


@client_command(app, "set")
async def set_(
    client: Client,
    name: Name,
    *,
    type: Annotated[
        str | None, typer.Option("--type", help="One of `connection types`; needed for a new one.", metavar="TYPE")
    ] = None,
    value: Annotated[
        list[str] | None,
        typer.Option(
            help="A value: `NAME=@FILE` (`@-`: standard input), `NAME` to be asked, or `NAME=VALUE` if it is no secret."
            " May be given several times.",
            metavar="NAME[=VALUE]",
        ),
    ] = None,
    file: Annotated[
        str | None,
        typer.Option("--file", "-f", help="A file with all values as a JSON object, `-` for standard input."),
    ] = None,
    blocks: Annotated[
        str | None,
        typer.Option(help="The block types that may use it, comma-separated, `*` for all; all unless it was stored."),
    ] = None,
    description: Annotated[str | None, typer.Option(help="What it is for.")] = None,
    output: OutputOption = Format.TABLE,
) -> None:
    """Store a connection. Secrets that are missing are asked for; of one that is stored, what is not given stays."""
    before = await _stored(client, name)
    kind = type or (before.type if before else fail(f"there is no connection {name} yet; give its --type"))
    ask, secrets = _ask if sys.stdin.isatty() else None, await _secrets(client, kind, before)
    values = read_values(kind, value or (), file, ask, secrets)
    if values is not None or type is not None:
        # Of a new one the manager says what is missing.
        values = complete(kind, values or {}, ask, secrets) or (None if before else {})
    allowed, about = (before.blocks, before.description) if before else (None, "")
    if blocks is not None:
        allowed = None if blocks == "*" else parse_blocks(blocks)
    about = about if description is None else description
    revision = before.revision if before else 0
    stored = await client.connections.put(name, kind, values, blocks=allowed, description=about, revision=revision)
    _print(stored, output)
    if stored.authorization and stored.authorization.status == "missing":
        hint(f"Next: gnatwork connection {'authorize' if 'authorize_url' in stored.values else 'test'} {name}")


@client_command(app)
async def delete(client: Client, name: Name) -> None:
    """Remove a connection; executors may remember it for another minute."""
    await client.connections.delete(name)
    say(f"The connection {name} is removed.")


@client_command(app)
async def authorize(
    client: Client,
    name: Name,
    *,
    callback: Annotated[
        str | None,
        typer.Option(
            help="The manager's /oauth/callback as the service knows it; default: that of the manager that is asked.",
            metavar="URL",
        ),
    ] = None,
) -> None:
    """Have someone agree: prints the address to open in a browser, which is good for ten minutes."""
    address = await client.connections.authorize(name, callback=callback)
    say(address.url)
    hint(f"Open it in a browser and agree; then: gnatwork connection show {name}")


@client_command(app)
async def test(client: Client, name: Name) -> None:
    """Have an `oauth2` connection get a token now."""
    found = await client.connections.test(name)
    say("It has a token" + (f", good until {moment(found.expires_at)}." if found.expires_at else "."))


@client_command(app)
async def rotate(client: Client) -> None:
    """Seal all connections anew with the first of GNATWORK_SECRET_KEYS; the others are needed no more then."""
    done = await client.connections.rotate()
    say(f"All is sealed with the key {done.key}: {done.sealed} anew, {done.current} had been before.")


@app.command("new-key")
def new_key() -> None:
    """Print a new key for GNATWORK_SECRET_KEYS; asks no manager."""
    say(generate_key())


async def _stored(client: Client, name: str) -> ConnectionView | None:
    try:
        return await client.connections.get(name)
    except RequestError as error:
        if error.problem.code != "connection.not_found":
            raise
        return None


async def _secrets(client: Client, type_: str, before: ConnectionView | None) -> Secrets:
    """Which values of the type are secrets; of one whose integration is gone, all that are stored."""
    if type_ in VALUES:
        return SECRET_VALUES
    kinds = {one.type: one for one in (await client.connections.types()).items}
    if type_ in kinds:
        return {type_: kinds[type_].secret}
    if before is None or before.type != type_:
        fail(f"--type {type_}: there are {', '.join(kinds)}")
    return {type_: before.values}


def _type_row(one: ConnectionKind) -> dict[str, Any]:
    required = one.values_schema.get("required", ())
    names = [name if name in required else f"{name}?" for name in one.values_schema.get("properties", {})]
    return {"type": one.type, "title": one.title, "values": ", ".join(names) or "any", "help": one.help or one.summary}


def _ask(name: str) -> str:
    return str(typer.prompt(name, hide_input=True, default="", show_default=False, err=True))


def _row(one: ConnectionView) -> dict[str, Any]:
    return {
        "name": one.name,
        "type": one.type,
        "offers": ", ".join(one.offers),
        "blocks": "all" if one.blocks is None else ", ".join(one.blocks),
        "updated_at": moment(one.updated_at),
        "updated_by": one.updated_by,
        "authorization": one.authorization.status if one.authorization else None,
    }


def _print(one: ConnectionView, output: Format) -> None:
    if output is not Format.TABLE:
        print_data(one.model_dump(mode="json"), output)
        return
    state = one.authorization
    print_fields(
        {
            **_row(one),
            "values": ", ".join(one.values),
            "description": one.description or None,
            "created_at": moment(one.created_at),
            "created_by": one.created_by,
            "token_until": moment(state.expires_at) if state and state.expires_at else None,
            "error": state.error if state else None,
            "mention": f"{{{{ connections.{one.name}{f'.{one.offers[0]}' if one.type in VALUES else ''} }}}}",
        }
    )
