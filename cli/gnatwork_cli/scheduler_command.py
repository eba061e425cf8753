"""`gnatwork scheduler`: decides what runs next."""

from typing import Annotated

import typer

from gnatwork_cli.loop import clear_errors
from gnatwork_cli.service import NameOption, RequiredNatsOption, run_service
from gnatwork_cli.stack_plan import parse_seconds
from gnatwork_scheduler.serve import run_scheduler
from gnatwork_scheduler.settings import SchedulerSettings

app = typer.Typer(rich_markup_mode=None, add_completion=False)


@app.command()
def scheduler(
    *,
    nats: RequiredNatsOption,
    shards: Annotated[
        int | None,
        typer.Option(
            envvar="GNATWORK_SHARDS",
            min=1,
            max=1024,
            help="Slices of the runs in a new installation, 8 unless given; fixed from then on.",
        ),
    ] = None,
    replicas: Annotated[
        int | None,
        typer.Option(
            envvar="GNATWORK_REPLICAS",
            min=1,
            max=5,
            help="Copies of every stream in a NATS cluster; as they are unless given, 1 at first.",
        ),
    ] = None,
    archive_after: Annotated[
        str,
        typer.Option(
            envvar="GNATWORK_ARCHIVE_AFTER",
            metavar="DURATION",
            help="How long an ended run stays in the history before it is archived.",
        ),
    ] = "10m",
    retention: Annotated[
        str,
        typer.Option(
            envvar="GNATWORK_RETENTION",
            metavar="DURATION",
            help="How long an archived run is kept, unless its workflow says otherwise; 0 keeps nothing.",
        ),
    ] = "7d",
    name: NameOption = None,
) -> None:
    """Run a scheduler: it follows the histories of runs and dispatches their tasks."""
    with clear_errors():
        settings = SchedulerSettings(
            nats_url=nats,
            shards=shards,
            replicas=replicas,
            archive_after=parse_seconds("--archive-after", archive_after),
            retention=parse_seconds("--retention", retention),
            name=name,
        )
    run_service(run_scheduler(settings))
