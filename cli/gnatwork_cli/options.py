"""Options that several commands share. Each is an environment variable as well."""

from pathlib import Path
from typing import Annotated

import typer

#: The data directory of commands that are not told another.
DEFAULT_DATA_DIR = Path(".gnatwork")

ApiOption = Annotated[
    str | None, typer.Option("--api", envvar="GNATWORK_API", help="URL of the manager; default: connection.json.")
]
TokenOption = Annotated[
    str | None, typer.Option("--token", envvar="GNATWORK_TOKEN", help="The manager's token; default: connection.json.")
]
NatsOption = Annotated[
    str | None,
    typer.Option("--nats", envvar="GNATWORK_NATS", help="URL of NATS, to ask over that; default: connection.json."),
]
DataDirOption = Annotated[
    Path, typer.Option("--data-dir", envvar="GNATWORK_DATA_DIR", help="Where `gnatwork up` keeps its data.")
]
NamespaceOption = Annotated[
    str, typer.Option("--namespace", "-n", envvar="GNATWORK_NAMESPACE", help="The tenant to act in.")
]
LimitsOption = Annotated[
    str,
    typer.Option(
        "--limits",
        envvar="GNATWORK_LIMITS",
        help="The most attempts of a block type at once, over all executors, e.g. `fetch=20,hook=5`.",
    ),
]
EgressOption = Annotated[
    str,
    typer.Option(
        "--egress-allow",
        envvar="GNATWORK_EGRESS_ALLOW",
        help="Private addresses that blocks and connections may reach: CIDRs and host names, comma-separated.",
    ),
]
SqliteOption = Annotated[
    Path | None,
    typer.Option(
        "--sqlite-dir",
        envvar="GNATWORK_SQLITE_DIR",
        help="Folder of the SQLite files that the block `sql` may open; without it, none.",
    ),
]
