"""`gnatwork manager`: the HTTP and NATS API."""

from pathlib import Path
from typing import Annotated

import typer

from gnatwork_cli.loop import clear_errors
from gnatwork_cli.options import DEFAULT_DATA_DIR
from gnatwork_cli.service import RequiredNatsOption, run_service
from gnatwork_cli.stack_plan import parse_token
from gnatwork_manager.manager import run_manager
from gnatwork_manager.settings import DEFAULT_MAX_BODY, ManagerSettings

app = typer.Typer(rich_markup_mode=None, add_completion=False)


@app.command()
def manager(
    *,
    nats: RequiredNatsOption,
    token: Annotated[str, typer.Option(envvar="GNATWORK_TOKEN", help="What callers must send as bearer token.")],
    host: Annotated[str, typer.Option(envvar="GNATWORK_HOST", help="Where the API listens.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(envvar="GNATWORK_PORT", min=0, max=65535, help="0 picks a free one.")] = 7400,
    data_dir: Annotated[
        Path, typer.Option(envvar="GNATWORK_DATA_DIR", help="Where the run index lives; it can be rebuilt.")
    ] = DEFAULT_DATA_DIR,
    max_body: Annotated[
        int, typer.Option(envvar="GNATWORK_MAX_BODY", min=1, help="Bytes of the largest request body.")
    ] = DEFAULT_MAX_BODY,
) -> None:
    """Run a manager: it takes definitions, starts runs and answers questions, over HTTP and NATS."""
    with clear_errors():
        settings = ManagerSettings(
            nats_url=nats, token=parse_token(token), data_dir=data_dir, host=host, port=port, max_body=max_body
        )
    run_service(run_manager(settings))
