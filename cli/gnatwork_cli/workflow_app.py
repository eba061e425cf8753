"""The group `gnatwork workflow`, which several modules add commands to."""

from typing import Annotated

import typer

from gnatwork_cli.suggestions import workflow_names

app = typer.Typer(
    rich_markup_mode=None,
    add_completion=False,
    help="Store workflows, and look after their versions.",
    no_args_is_help=True,
)

NameArgument = Annotated[
    str, typer.Argument(help="The name of the workflow.", metavar="NAME", autocompletion=workflow_names)
]
