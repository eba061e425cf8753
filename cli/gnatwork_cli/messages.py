"""What commands say to people."""

import contextlib
import shlex
import shutil
import sys
from pathlib import Path
from typing import NoReturn

import typer


def say(text: str = "") -> None:
    """A line of output, at once, in a pipe as on a terminal. That nobody reads any more is no reason to stop."""
    with contextlib.suppress(BrokenPipeError):
        sys.stdout.write(f"{text}\n")
        sys.stdout.flush()


def hint(text: str) -> None:
    """A line for people that is no part of the output."""
    sys.stdout.flush()
    sys.stderr.write(f"{text}\n")


def activation(indent: str) -> str:
    """The line that makes `gnatwork` a command, and the indent of the next; nothing where it is one."""
    if shutil.which("gnatwork"):
        return ""
    script = Path(sys.prefix, "bin", "activate")
    if script.is_relative_to(Path.cwd()):
        script = script.relative_to(Path.cwd())
    return f"source {shlex.quote(str(script))}\n{indent}"


def fail(text: str, code: int = 1) -> NoReturn:
    """Say what is wrong and what to do about it, and end the program."""
    hint(f"Error: {text}")
    raise typer.Exit(code)
