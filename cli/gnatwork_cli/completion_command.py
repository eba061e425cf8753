"""`gnatwork completion`: what makes a shell complete commands, options, runs, workflows and block types."""

from enum import StrEnum
from typing import Annotated

import typer
from typer._completion_shared import get_completion_script

from gnatwork_cli.messages import say

app = typer.Typer(rich_markup_mode=None, add_completion=False)


class Shell(StrEnum):
    """Shells that can complete."""

    BASH = "bash"
    ZSH = "zsh"
    FISH = "fish"


@app.command()
def completion(shell: Annotated[Shell, typer.Argument(help="For which shell.")]) -> None:
    """Print a script that makes a shell complete what gnatwork takes: `source <(gnatwork completion bash)`."""
    say(get_completion_script(prog_name="gnatwork", complete_var="_GNATWORK_COMPLETE", shell=shell.value))
