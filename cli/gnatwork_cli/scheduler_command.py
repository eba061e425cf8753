"""`gnatwork scheduler`: decides what runs next."""

from typing import Annotated

import typer

from gnatwork_cli.service import NameOption, RequiredNatsOption, run_service
from gnatwork_scheduler.serve import run_scheduler
from gnatwork_scheduler.settings import SchedulerSettings

app = typer.Typer(rich_markup_mode=None, add_completion=False)


@app.command()
def scheduler(
    *,
    nats: RequiredNatsOption,
    shards: Annotated[
        int,
        typer.Option(
            envvar="GNATWORK_SHARDS",
            min=1,
            max=1024,
            help="Slices of the runs in a new installation; one that exists keeps its own.",
        ),
    ] = 8,
    replicas: Annotated[
        int, typer.Option(envvar="GNATWORK_REPLICAS", min=1, max=5, help="Copies of every stream in a NATS cluster.")
    ] = 1,
    name: NameOption = None,
) -> None:
    """Run a scheduler: it follows the histories of runs and dispatches their tasks."""
    run_service(run_scheduler(SchedulerSettings(nats_url=nats, shards=shards, replicas=replicas, name=name)))
