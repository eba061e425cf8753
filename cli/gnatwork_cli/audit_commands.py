"""`gnatwork audit …`: who changed what."""

import contextlib
from typing import Annotated, Any

import typer

from gnatwork import Client
from gnatwork_cli.messages import hint, say
from gnatwork_cli.output import Format, OutputOption, cell, moment, print_data, print_rows
from gnatwork_cli.target import client_command
from gnatwork_schemas.audit import AuditRecord

app = typer.Typer(rich_markup_mode=None, add_completion=False, no_args_is_help=True)

_COLUMNS = ("at", "who", "what", "outcome", "target", "in", "from")


@app.callback()
def audit() -> None:
    """See who changed what. For admins of all namespaces."""


@client_command(app, "list")
async def list_(
    client: Client,
    *,
    who: Annotated[
        str | None, typer.Option(metavar="WHO", help="Only theirs, e.g. `person:ada@example.org`, or an id.")
    ] = None,
    what: Annotated[
        str | None, typer.Option(metavar="WHAT", help="Only this, e.g. `workflow.put`, or `workflow` for all of it.")
    ] = None,
    limit: Annotated[int, typer.Option(min=1, max=500, help="How many at most.")] = 50,
    follow: Annotated[
        bool, typer.Option("--follow", "-f", help="Go on with what happens from now on, the oldest first.")
    ] = False,
    output: OutputOption = Format.TABLE,
) -> None:
    """List changes, the newest first; also what was refused, and logins that failed."""
    if follow:
        await _follow(client, who, what, output)
        return
    page = await client.audit.list(who=who, what=what, limit=limit)
    if output is not Format.TABLE:
        print_data([_document(record) for record in page.items], output)
        return
    print_rows([_row(record) for record in page.items], _COLUMNS, empty="There is nothing.")
    if page.next_cursor:
        hint("There are more: --limit shows up to 500.")


async def _follow(client: Client, who: str | None, what: str | None, output: Format) -> None:
    async with contextlib.aclosing(client.audit.follow()) as records:
        async for record in records:
            if who is not None and who not in {record.who, record.who_id}:
                continue
            if what is not None and record.what != what and not record.what.startswith(f"{what}."):
                continue
            if output is Format.TABLE:
                row = _row(record)
                say("  ".join(cell(row[column]) or "-" for column in _COLUMNS))
            else:
                print_data(_document(record), output)


def _row(record: AuditRecord) -> dict[str, Any]:
    return {
        **record.model_dump(),
        "at": moment(record.at),
        "in": record.namespace,
        "from": record.address,
    }


def _document(record: AuditRecord) -> dict[str, Any]:
    return record.model_dump(mode="json", exclude={"v"})
