"""Passwords: asked for without showing them, or the lines of standard input where that is no terminal."""

import sys

import typer

from gnatwork_cli.messages import fail


def read_secret(prompt: str) -> str:
    """A password that there is."""
    if sys.stdin.isatty():
        asked: str = typer.prompt(prompt, hide_input=True, err=True)
        return asked
    line = sys.stdin.readline()
    if not line:
        fail("there is no password on standard input; write it there, in a line of its own")
    return line.rstrip("\n")


def read_new_password() -> str:
    """A password that someone wants to have; on a terminal it has to be typed twice."""
    if sys.stdin.isatty():
        asked: str = typer.prompt("New password", hide_input=True, confirmation_prompt=True, err=True)
        return asked
    return read_secret("New password")
