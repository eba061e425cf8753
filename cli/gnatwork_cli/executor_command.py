"""`gnatwork executor`: hosts block types."""

from typing import Annotated

import typer

from gnatwork_cli.loop import clear_errors
from gnatwork_cli.options import EgressOption, LimitsOption, SqliteOption
from gnatwork_cli.service import NameOption, RequiredNatsOption, run_service
from gnatwork_cli.stack_plan import parse_blocks, parse_limits
from gnatwork_executor.serve import run_executor
from gnatwork_executor.settings import ExecutorSettings

app = typer.Typer(rich_markup_mode=None, add_completion=False)


@app.command()
def executor(
    *,
    nats: RequiredNatsOption,
    blocks: Annotated[
        str,
        typer.Option(envvar="GNATWORK_BLOCKS", help="Block types to host, or groups of them, e.g. `fetch,logic`."),
    ],
    concurrency: Annotated[
        int | None,
        typer.Option(
            envvar="GNATWORK_CONCURRENCY",
            min=1,
            help="Work items at once, all types together; 128 for each block type unless given.",
        ),
    ] = None,
    egress_allow: EgressOption = "",
    sqlite_dir: SqliteOption = None,
    allow_python_full: Annotated[
        bool,
        typer.Option(
            "--allow-python-full",
            envvar="GNATWORK_ALLOW_PYTHON_FULL",
            help="Let `--blocks python-full` run code of users in real CPython, which the kernel alone holds.",
        ),
    ] = False,
    limits: LimitsOption = "",
    max_deliveries: Annotated[
        int,
        typer.Option(
            envvar="GNATWORK_MAX_DELIVERIES",
            min=1,
            help="How many executors may vanish with a work item before it is given up as one that kills them.",
        ),
    ] = 5,
    drain: Annotated[
        float,
        typer.Option(envvar="GNATWORK_DRAIN", min=0, help="Seconds that running blocks get when the process leaves."),
    ] = 25.0,
    max_memory: Annotated[
        int,
        typer.Option(
            envvar="GNATWORK_MAX_MEMORY",
            min=0,
            help="Resident megabytes from which on it drains and leaves, to be started again; 0 for any number.",
        ),
    ] = 1024,
    name: NameOption = None,
) -> None:
    """Run an executor: it pulls the work of its block types and runs it."""
    with clear_errors():
        settings = ExecutorSettings(
            nats_url=nats,
            blocks=parse_blocks(blocks),
            concurrency=concurrency,
            egress_allow=egress_allow,
            sqlite_dir=sqlite_dir,
            allow_python_full=allow_python_full,
            limits=parse_limits(limits),
            max_deliveries=max_deliveries,
            drain=drain,
            max_memory=max_memory,
            name=name,
        )
    run_service(run_executor(settings))
