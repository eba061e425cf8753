"""`gnatwork people …`: who may log in, and what they may do."""

import secrets
import sys
from typing import Annotated, Any

import typer

from gnatwork import Client
from gnatwork.pages import all_pages
from gnatwork_cli.messages import fail, hint, say
from gnatwork_cli.output import Format, OutputOption, moment, print_data, print_rows
from gnatwork_cli.role_flags import RoleArguments, parse_roles, roles_text
from gnatwork_cli.secret_input import read_new_password
from gnatwork_cli.target import client_command
from gnatwork_schemas.people import Person

app = typer.Typer(
    rich_markup_mode=None,
    add_completion=False,
    help="Look after who may log in, and what they may do. For admins of all namespaces.",
    no_args_is_help=True,
)

Someone = Annotated[str, typer.Argument(help="Their e-mail address, or their id.", metavar="PERSON")]


@client_command(app, "list")
async def list_(client: Client, output: OutputOption = Format.TABLE) -> None:
    """List all people."""
    people = await _everybody(client)
    if output is not Format.TABLE:
        print_data([person.model_dump(mode="json") for person in people], output)
        return
    columns = ("email", "name", "roles", "disabled", "last_login", "id")
    print_rows([_row(one) for one in people], columns, empty="There are none; begin with `gnatwork auth register`.")


@client_command(app)
async def invite(
    client: Client,
    roles: RoleArguments,
    *,
    email: Annotated[str | None, typer.Option(help="Who alone may accept; default: whoever has the token.")] = None,
    output: OutputOption = Format.TABLE,
) -> None:
    """Make an invitation, and show its token, this once; it is good for one person, and a week."""
    made = await client.people.invite(parse_roles(roles), email=email)
    if output is not Format.TABLE:
        print_data(made.model_dump(mode="json"), output)
        return
    say(made.token)
    hint(f"They register with: gnatwork auth register {email or 'EMAIL'} --invitation TOKEN --api URL")


@client_command(app)
async def invitations(client: Client, output: OutputOption = Format.TABLE) -> None:
    """List the invitations that no one has accepted."""
    found = [one async for one in all_pages(lambda cursor: client.people.invitations(limit=500, cursor=cursor))]
    if output is not Format.TABLE:
        print_data([one.model_dump(mode="json") for one in found], output)
        return
    rows = [{**one.model_dump(), "roles": roles_text(one.roles), "expires_at": moment(one.expires_at)} for one in found]
    print_rows(rows, ("id", "email", "roles", "created_by", "expires_at"), empty="There are none.")


@client_command(app)
async def revoke(client: Client, invitation: Annotated[str, typer.Argument(help="The id of the invitation.")]) -> None:
    """Take an invitation back."""
    await client.people.revoke(invitation)
    say(f"The invitation {invitation} is good no more.")


@client_command(app)
async def roles(client: Client, person: Someone, roles: RoleArguments) -> None:
    """Give someone these roles in the place of those they have."""
    changed = await client.people.update((await _find(client, person)).id, roles=parse_roles(roles))
    say(f"{changed.email} has the roles {roles_text(changed.roles)}.")


@client_command(app)
async def disable(client: Client, person: Someone) -> None:
    """Refuse someone, and all their keys, from now on."""
    changed = await client.people.update((await _find(client, person)).id, disabled=True)
    say(f"{changed.email} is refused from now on; `gnatwork people enable` lets them in again.")


@client_command(app)
async def enable(client: Client, person: Someone) -> None:
    """Let someone log in again."""
    changed = await client.people.update((await _find(client, person)).id, disabled=False)
    say(f"{changed.email} can log in again.")


@client_command(app)
async def reset(
    client: Client,
    person: Someone,
    *,
    ask: Annotated[bool, typer.Option("--ask", help="Ask for the password; default: make one and print it.")] = False,
) -> None:
    """Give someone a new password, for one that is lost; ends all their sessions."""
    found = await _find(client, person)
    password = read_new_password() if ask else secrets.token_urlsafe(15)
    await client.people.reset(found.id, password)
    if ask:
        say(f"{found.email} has a new password.")
    else:
        hint(f"The new password of {found.email}, shown this once; they change it with `gnatwork auth password`:")
        say(password)


@client_command(app)
async def delete(
    client: Client,
    person: Someone,
    *,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
) -> None:
    """Remove someone, and all their keys; what they have made stays."""
    found = await _find(client, person)
    if not yes and not (sys.stdin.isatty() and typer.confirm(f"Remove {found.email} and all their keys?")):
        fail("nobody is removed; say --yes")
    await client.people.delete(found.id)
    say(f"{found.email} is removed.")


async def _everybody(client: Client) -> list[Person]:
    return [one async for one in all_pages(lambda cursor: client.people.list(limit=500, cursor=cursor))]


async def _find(client: Client, person: str) -> Person:
    """Whoever has this e-mail address or id."""
    wanted = person.strip().casefold()
    found = [one for one in await _everybody(client) if wanted in {one.id, one.email.casefold()}]
    return found[0] if found else fail(f"there is nobody called {person!r}; `gnatwork people list` shows all")


def _row(person: Person) -> dict[str, Any]:
    return {
        **person.model_dump(),
        "roles": roles_text(person.roles),
        "disabled": "yes" if person.disabled else "",
        "last_login": moment(person.last_login),
    }
