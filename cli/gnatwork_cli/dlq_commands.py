"""`gnatwork dlq …`: the messages that no one could read."""

from typing import Annotated, Any

import typer

from gnatwork import Client, RequestError
from gnatwork_cli.messages import fail, hint, say
from gnatwork_cli.output import Format, OutputOption, moment, print_data, print_fields, print_rows
from gnatwork_cli.target import client_command
from gnatwork_schemas.duration import parse_duration
from gnatwork_schemas.letters import FoundDeadLetter

app = typer.Typer(rich_markup_mode=None, add_completion=False, no_args_is_help=True)

LetterId = Annotated[int, typer.Argument(help="The id of the letter.", metavar="ID", min=1)]

#: Characters of a body that a line of a list shows.
_SHOWN = 120


@app.callback()
def dlq() -> None:
    """Look after the messages that no one could read."""


@client_command(app, "list")
async def list_(
    client: Client,
    limit: Annotated[int, typer.Option(min=1, max=500, help="How many at most.")] = 20,
    output: OutputOption = Format.TABLE,
) -> None:
    """List the dead letters of all namespaces, the newest first."""
    page = await client.dead_letters(limit=limit)
    if output is not Format.TABLE:
        print_data([_document(letter) for letter in page.items], output)
        return
    rows = [
        {
            "id": letter.id,
            "at": moment(letter.at),
            "subject": letter.subject,
            "error": f"{letter.error.code}: {letter.error.message}",
            "body": letter.body if len(letter.body) <= _SHOWN else f"{letter.body[:_SHOWN]}…",
        }
        for letter in page.items
    ]
    print_rows(rows, ("id", "at", "subject", "error", "body"), empty="There are no dead letters.")
    if page.next_cursor:
        hint("There are more: --limit shows up to 500.")


@client_command(app)
async def show(client: Client, letter: LetterId, output: OutputOption = Format.TABLE) -> None:
    """Show a dead letter whole."""
    found = await client.dead_letter(letter)
    if output is not Format.TABLE:
        print_data(_document(found), output)
        return
    fields = _document(found)
    print_fields(
        {
            **fields,
            "at": moment(found.at),
            "error": f"{found.error.code}: {found.error.message}",
            "size": f"{found.size} bytes",
        }
    )


@client_command(app)
async def redrive(
    client: Client,
    letters: Annotated[list[int], typer.Argument(help="The ids of the letters.", metavar="ID...", min=1)],
) -> None:
    """Send dead letters once more to where they came from; who still can't read one makes a new letter of it."""
    failed = 0
    for letter in letters:
        try:
            sent = await client.redrive_dead_letter(letter)
        except RequestError as error:
            failed += 1
            hint(f"{letter}: {error}")
        else:
            say(f"{letter}: sent to {sent.subject}")
    if failed:
        fail(f"{failed} of {len(letters)} could not be sent")


@client_command(app)
async def discard(
    client: Client,
    letters: Annotated[list[int] | None, typer.Argument(help="The ids of the letters.", metavar="ID...", min=1)] = None,
    *,
    older_than: Annotated[
        str | None, typer.Option(metavar="DURATION", help="All that are older, e.g. `7d`; `0s` for all.")
    ] = None,
    reason: Annotated[
        str | None, typer.Option(metavar="CODE", help="All with this error code, e.g. `message.invalid`.")
    ] = None,
) -> None:
    """Throw dead letters away: those named, or all that are older, have a reason, or both."""
    by_query = older_than is not None or reason is not None
    if bool(letters) is by_query:
        raise typer.BadParameter("give either ids, or --older-than, --reason, or both")
    if by_query:
        seconds = None if older_than is None else _seconds(older_than)
        count = await client.discard_dead_letters(older_than=seconds, reason=reason)
    else:
        for letter in letters or ():
            await client.discard_dead_letter(letter)
        count = len(letters or ())
    say(f"{count} dead letter{'' if count == 1 else 's'} discarded.")


def _seconds(text: str) -> float:
    try:
        return parse_duration(text)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--older-than") from None


def _document(letter: FoundDeadLetter) -> dict[str, Any]:
    document = letter.model_dump(mode="json", exclude={"v"})
    return {"id": document.pop("id"), **document}
