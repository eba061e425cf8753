"""`gnatwork trigger …`: what starts runs of stored workflows."""

from typing import Annotated, Any

import typer

from gnatwork import Client
from gnatwork_cli.messages import fail, hint, say
from gnatwork_cli.output import Format, OutputOption, moment, print_data, print_fields, print_rows
from gnatwork_cli.run_input import read_definition, read_json
from gnatwork_cli.suggestions import workflow_names
from gnatwork_cli.target import client_command
from gnatwork_cli.trigger_flags import parse_fields
from gnatwork_schemas.integration import TriggerType
from gnatwork_schemas.triggers import StoredTrigger, TriggerState

app = typer.Typer(
    rich_markup_mode=None,
    add_completion=False,
    help="Look at what starts runs of stored workflows, and change it.",
    no_args_is_help=True,
)

Workflow = Annotated[str, typer.Argument(help="The name of the workflow.", autocompletion=workflow_names)]
TriggerId = Annotated[str, typer.Argument(help="The id of the trigger.", metavar="TRIGGER")]
File = Annotated[
    str | None,
    typer.Option("--file", "-f", help="A file with the trigger as JSON, `-` for standard input.", metavar="FILE"),
]
TypeOption = Annotated[
    str | None, typer.Option("--type", help="One of `trigger types`, such as `webhook` or `schedule`.")
]
Fields = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        help="A field of the trigger, e.g. `cron='@daily'`; JSON, else text. May be given several times.",
        metavar="FIELD=VALUE",
    ),
]


@client_command(app, "list")
async def list_(
    client: Client,
    workflow: Annotated[str | None, typer.Argument(help="The name of a workflow; default: all.")] = None,
    *,
    limit: Annotated[int, typer.Option(min=1, max=500, help="How many at most.")] = 100,
    output: OutputOption = Format.TABLE,
) -> None:
    """List the triggers of a workflow, or of all."""
    page = await client.triggers.list(workflow, limit=limit)
    if output is not Format.TABLE:
        print_data([one.model_dump(mode="json") for one in page.items], output)
        return
    columns = ("workflow", "trigger", "type", "enabled", "last_fired", "next", "last_error")
    print_rows([_row(one) for one in page.items], columns, empty="There are none; add one with `gnatwork trigger add`.")
    if page.next_cursor:
        hint("There are more: --limit shows up to 500.")


@client_command(app)
async def types(client: Client, output: OutputOption = Format.TABLE) -> None:
    """List the types of triggers there are, the engine's own and those that integrations bring."""
    page = await client.triggers.types()
    if output is not Format.TABLE:
        print_data([one.model_dump(mode="json") for one in page.items], output)
        return
    print_rows([_type_row(one) for one in page.items], ("type", "title", "fields", "summary"), empty="There are none.")


@client_command(app)
async def show(client: Client, workflow: Workflow, trigger: TriggerId, output: OutputOption = Format.TABLE) -> None:
    """Show a trigger: its addresses, when it fires next, and what became of it."""
    _print(await client.triggers.get(workflow, trigger), output)


@client_command(app)
async def add(
    client: Client,
    workflow: Workflow,
    trigger: Annotated[str | None, typer.Argument(help="An id for it, unless the file has one.")] = None,
    *,
    type: TypeOption = None,
    set: Fields = None,
    file: File = None,
    output: OutputOption = Format.TABLE,
) -> None:
    """Add a trigger beside those of the definition; it stays, whatever version is published."""
    _print(await client.triggers.add(workflow, _given(trigger, type, set, file)), output)


@client_command(app)
async def update(
    client: Client,
    workflow: Workflow,
    trigger: TriggerId,
    *,
    type: TypeOption = None,
    set: Fields = None,
    file: File = None,
    output: OutputOption = Format.TABLE,
) -> None:
    """Change a trigger that was added: with --file all of it, else the fields that are given."""
    given, revision = _given(trigger, type, set, file), None
    if file is None:
        found = await client.triggers.get(workflow, trigger)
        # What somebody else changes meanwhile is not to be overwritten by what it was before.
        given, revision = found.trigger.model_dump(mode="json", exclude_defaults=True) | given, found.revision
    _print(await client.triggers.put(workflow, trigger, given, revision=revision), output)


@client_command(app)
async def delete(client: Client, workflow: Workflow, trigger: TriggerId) -> None:
    """Remove a trigger that was added."""
    await client.triggers.delete(workflow, trigger)
    say(f"The trigger {trigger} of {workflow} is removed.")


@client_command(app)
async def enable(client: Client, workflow: Workflow, trigger: TriggerId) -> None:
    """Switch a trigger on, whatever its definition says."""
    await client.triggers.enable(workflow, trigger)
    say(f"The trigger {trigger} of {workflow} is on.")


@client_command(app)
async def disable(client: Client, workflow: Workflow, trigger: TriggerId) -> None:
    """Switch a trigger off, whatever its definition says; runs that it has started go on."""
    await client.triggers.disable(workflow, trigger)
    say(f"The trigger {trigger} of {workflow} is off.")


@client_command(app)
async def preview(client: Client, workflow: Workflow, trigger: TriggerId, output: OutputOption = Format.TABLE) -> None:
    """Show the next ten times of a schedule or a poll."""
    found = await client.triggers.preview(workflow, trigger)
    if output is not Format.TABLE:
        print_data(found.model_dump(mode="json"), output)
        return
    rows = [{"here": moment(one.at), "in its time zone": one.local} for one in found.times]
    print_rows(rows, ("here", "in its time zone"), empty="It comes no more.")


@client_command(app)
async def fire(
    client: Client,
    workflow: Workflow,
    trigger: TriggerId,
    *,
    event: Annotated[
        str | None, typer.Option(help="What it is to have seen: JSON, or `@` and a file with it.", metavar="JSON|@FILE")
    ] = None,
) -> None:
    """Start a run as if a trigger had seen an event, switched on or not."""
    run = await client.triggers.fire(workflow, trigger, read_json("--event", event))
    say(run.run_id)
    hint(f"Next: gnatwork run watch {run.run_id}")


def _given(trigger: str | None, type_: str | None, fields: list[str] | None, file: str | None) -> dict[str, Any]:
    """The trigger that file and options describe; what the options say goes before."""
    given = read_definition(file) if file is not None else {}
    given |= parse_fields(fields or ())
    given |= {name: value for name, value in (("id", trigger), ("type", type_)) if value is not None}
    if not given:
        fail("there is no trigger; describe it with --type and --set, or give --file")
    return given


def _type_row(one: TriggerType) -> dict[str, Any]:
    required = one.config_schema.get("required", ())
    names = [name if name in required else f"{name}?" for name in one.config_schema.get("properties", {})]
    return {"type": one.type, "title": one.title, "fields": ", ".join(names), "summary": one.summary}


def _row(one: StoredTrigger) -> dict[str, Any]:
    return {
        "workflow": one.workflow,
        "trigger": one.trigger.id,
        "type": one.trigger.type,
        "enabled": "yes" if one.enabled else "no",
        "last_fired": moment(one.state.last_fired_at),
        "next": moment(one.next_at),
        "last_error": _last_error(one.state),
    }


def _last_error(state: TriggerState) -> str | None:
    """With its time: it stays until there is another one, also when all has been well since."""
    return state.last_error and f"{moment(state.last_error_at)}  {state.last_error}"


def _print(one: StoredTrigger, output: Format) -> None:
    if output is not Format.TABLE:
        print_data(one.model_dump(mode="json"), output)
        return
    state = one.state
    row = _row(one)
    fields = one.trigger.model_dump(mode="json", exclude_defaults=True, exclude={"id", "type", "enabled"})
    print_fields(
        {
            **{name: value or None for name, value in row.items() if name != "last_error"},
            "source": one.source,
            **fields,
            "addresses": "\n".join(one.addresses) or None,
            "runs": state.fired,
            "last_run": state.last_run,
            "last_error": row["last_error"],
        }
    )
