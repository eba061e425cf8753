"""What commands say to people."""

import contextlib
import sys
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


def fail(text: str, code: int = 1) -> NoReturn:
    """Say what is wrong and what to do about it, and end the program."""
    hint(f"Error: {text}")
    raise typer.Exit(code)
