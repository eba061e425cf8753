"""`gnatwork auth …`: making an account, logging in and out."""

from pathlib import Path
from typing import Annotated

import typer

from gnatwork import Client, Credentials, RequestError, find_address
from gnatwork_cli.loop import run_async
from gnatwork_cli.messages import fail, hint, say
from gnatwork_cli.options import DEFAULT_DATA_DIR, ApiOption, DataDirOption
from gnatwork_cli.output import Format, OutputOption, print_data, print_fields
from gnatwork_cli.role_flags import roles_text
from gnatwork_cli.secret_input import read_new_password, read_secret
from gnatwork_cli.target import client_command

app = typer.Typer(
    rich_markup_mode=None,
    add_completion=False,
    help="Make an account, log in and out. Passwords are asked for, or read from standard input.",
    no_args_is_help=True,
)

Email = Annotated[str, typer.Argument(help="Your e-mail address.")]


@app.command()
def register(
    email: Email,
    *,
    name: Annotated[str, typer.Option(help="What people call you.")] = "",
    invitation: Annotated[
        str | None, typer.Option(metavar="TOKEN", help="The token of your invitation; the first account needs none.")
    ] = None,
    api: ApiOption = None,
    data_dir: DataDirOption = DEFAULT_DATA_DIR,
) -> None:
    """Make an account and log in. The first one becomes the admin of all namespaces."""
    run_async(_register(email, name, invitation, api, data_dir))


@app.command()
def login(email: Email, *, api: ApiOption = None, data_dir: DataDirOption = DEFAULT_DATA_DIR) -> None:
    """Log in: commands in this data directory are yours from now on, wherever they have no other token."""
    run_async(_login(email, read_secret("Password"), api, data_dir))


@app.command()
def logout(*, api: ApiOption = None, data_dir: DataDirOption = DEFAULT_DATA_DIR) -> None:
    """Log out: the tokens that are kept here are refused from now on, and forgotten."""
    run_async(_logout(api, data_dir))


@app.command()
def password(*, api: ApiOption = None, data_dir: DataDirOption = DEFAULT_DATA_DIR) -> None:
    """Change your password, which ends all your other sessions."""
    run_async(_password(api, data_dir))


@client_command(app)
async def whoami(client: Client, output: OutputOption = Format.TABLE) -> None:
    """Show whose the token is that commands send, and what roles they have."""
    me = await client.me()
    if output is not Format.TABLE:
        print_data(me.model_dump(mode="json"), output)
        return
    kinds = {"person": "a person", "key": "an API key", "token": "whoever has the installation's own token"}
    print_fields({"who": me.name or None, "is": kinds[me.kind], "id": me.id or None, "roles": roles_text(me.roles)})


async def _register(email: str, name: str, invitation: str | None, api: str | None, data_dir: Path) -> None:
    secret = read_new_password()
    async with Client(_api(api, data_dir)) as client:
        person = await client.register(email, secret, name=name, invitation=invitation)
    say(f"You are registered, with the roles {roles_text(person.roles)}.")
    await _login(email, secret, api, data_dir)


async def _login(email: str, secret: str, api: str | None, data_dir: Path) -> None:
    address = _api(api, data_dir)
    async with Client(address) as client:
        Credentials(data_dir, address).keep(await client.login(email, secret))
    say(f"You are logged in at {address}.")
    if find_address(api=api, data_dir=data_dir).token is not None:
        hint("Commands go on to send the token of connection.json or GNATWORK_TOKEN; with --api they send yours.")


async def _logout(api: str | None, data_dir: Path) -> None:
    address = _api(api, data_dir)
    kept = Credentials(data_dir, address)
    if kept.load() is None:
        fail(f"you are not logged in at {address}")
    try:
        async with Client.logged_in(address, kept) as client:
            await client.logout()
    except RequestError as error:
        hint(f"The session was over already: {error}")
    kept.forget()
    say(f"You are logged out at {address}.")


async def _password(api: str | None, data_dir: Path) -> None:
    address = _api(api, data_dir)
    kept = Credentials(data_dir, address)
    if kept.load() is None:
        fail(f"you are not logged in at {address}; log in with `gnatwork auth login`")
    current = read_secret("Current password")
    async with Client.logged_in(address, kept) as client:
        kept.keep(await client.change_password(current, read_new_password()))
    say("Your password is changed; all your other sessions are over.")


def _api(api: str | None, data_dir: Path) -> str:
    """The address of the manager."""
    found = find_address(api=api, data_dir=data_dir)
    if found.api is None:
        fail("nobody logs in over NATS; name the manager with --api")
    return found.api
