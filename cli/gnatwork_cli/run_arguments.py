"""Arguments that several commands about runs share."""

from typing import Annotated

import typer

from gnatwork_cli.suggestions import run_ids

RunId = Annotated[str, typer.Argument(help="The id of the run.", metavar="RUN", autocompletion=run_ids)]
