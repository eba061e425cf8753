"""Options that several commands share. Each is an environment variable as well."""

from pathlib import Path
from typing import Annotated

import typer

from gnatwork_cli.output import Format

ApiOption = Annotated[
    str | None, typer.Option("--api", envvar="GNATWORK_API", help="URL of the manager; default: connection.json.")
]
TokenOption = Annotated[
    str | None, typer.Option("--token", envvar="GNATWORK_TOKEN", help="Token of the manager; default: connection.json.")
]
DataDirOption = Annotated[
    Path, typer.Option("--data-dir", envvar="GNATWORK_DATA_DIR", help="Where `gnatwork up` keeps its data.")
]
NamespaceOption = Annotated[
    str, typer.Option("--namespace", "-n", envvar="GNATWORK_NAMESPACE", help="The tenant to act in.")
]
OutputOption = Annotated[Format, typer.Option("--output", "-o", help="How to print.")]
NatsOption = Annotated[
    str | None,
    typer.Option("--nats", envvar="GNATWORK_NATS", help="URL of the NATS server, with all that it takes to connect."),
]

#: The data directory of commands that are not told another.
DEFAULT_DATA_DIR = Path(".gnatwork")
