"""What the commands of services have in common: a log on standard error, one line per event, and a clear end."""

import logging
import sys
from collections.abc import Coroutine
from typing import Annotated, Any

import typer
import uvloop

from gnatwork_bus.garbage import calm_collector
from gnatwork_cli.loop import leaves
from gnatwork_schemas.errors import GnatworkError

RequiredNatsOption = Annotated[
    str,
    typer.Option("--nats", envvar="GNATWORK_NATS", help="URL of the NATS server, with all that it takes to connect."),
]
NameOption = Annotated[
    str | None,
    typer.Option(envvar="GNATWORK_NAME", help="What this process calls itself; default: host name and process id."),
]

log = logging.getLogger("gnatwork")


def run_service(service: Coroutine[Any, Any, None]) -> None:
    """Run a service until it is told to stop; it sees to SIGTERM and SIGINT itself."""
    logging.basicConfig(
        stream=sys.stderr, level=logging.INFO, format="%(asctime)s %(levelname)-7s %(name)s: %(message)s"
    )
    # One line per request says nothing that a run's history does not.
    logging.getLogger("httpx").setLevel(logging.WARNING)
    calm_collector()
    try:
        uvloop.run(service)
    except* (GnatworkError, OSError) as errors:
        for error in leaves(errors):
            log.critical("%s", error)
    else:
        return
    raise typer.Exit(1)
