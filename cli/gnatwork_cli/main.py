"""The root command; see `lazy.py` for why it names modules instead of importing them."""

from importlib.metadata import version
from typing import Annotated, ClassVar

import typer

from gnatwork_cli.lazy import LazyCommand, LazyGroup


class Commands(LazyGroup):
    """All commands of `gnatwork`."""

    lazy_commands: ClassVar = {
        "up": LazyCommand("gnatwork_cli.up", "Start everything on this machine."),
        "demo": LazyCommand("gnatwork_cli.demo", "Start everything, run a real workflow, watch it live, stop."),
        "run": LazyCommand("gnatwork_cli.run_commands", "Start, list and watch runs, and tell them what to do."),
        "workflow": LazyCommand("gnatwork_cli.workflow_commands", "Store workflows, and look after their versions."),
        "trigger": LazyCommand(
            "gnatwork_cli.trigger_commands", "Look at what starts runs of stored workflows, and change it."
        ),
        "event": LazyCommand("gnatwork_cli.event_commands", "Say what has happened, for the triggers that listen."),
        "events": LazyCommand("gnatwork_cli.events_command", "Follow what happens in all runs."),
        "auth": LazyCommand("gnatwork_cli.auth_commands", "Make an account, log in and out."),
        "people": LazyCommand("gnatwork_cli.people_commands", "Look after who may log in, and what they may do."),
        "key": LazyCommand("gnatwork_cli.key_commands", "Make API keys, for programs, and take them back."),
        "audit": LazyCommand("gnatwork_cli.audit_commands", "See who changed what."),
        "connection": LazyCommand("gnatwork_cli.connection_commands", "Store credentials under a name."),
        "blocks": LazyCommand("gnatwork_cli.blocks_commands", "Show what block types there are."),
        "doctor": LazyCommand("gnatwork_cli.doctor", "Check that everything works, and say what to do if not."),
        "dlq": LazyCommand("gnatwork_cli.dlq_commands", "Look after the messages that no one could read."),
        "index": LazyCommand("gnatwork_cli.index_commands", "Look after the manager's run index."),
        "completion": LazyCommand("gnatwork_cli.completion_command", "Have your shell complete what gnatwork takes."),
        "manager": LazyCommand("gnatwork_cli.manager_command", "Run the manager: the HTTP and NATS API."),
        "scheduler": LazyCommand("gnatwork_cli.scheduler_command", "Run a scheduler: it decides what runs next."),
        "executor": LazyCommand("gnatwork_cli.executor_command", "Run an executor: it hosts block types."),
        "conformance": LazyCommand(
            "gnatwork_cli.conformance.command", "Check that an executor in any language keeps to the protocol."
        ),
    }


app = typer.Typer(
    cls=Commands,
    name="gnatwork",
    help="A durable workflow engine whose only infrastructure is NATS. Start with `gnatwork demo`.",
    rich_markup_mode=None,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _show_version(asked: bool) -> None:
    if asked:
        typer.echo(f"gnatwork {version('gnatwork')}")
        raise typer.Exit


@app.callback()
def gnatwork(
    show_version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Only the options of the root; the commands do the work."""


def run() -> None:
    """Entry point of the console script."""
    app(prog_name="gnatwork")
