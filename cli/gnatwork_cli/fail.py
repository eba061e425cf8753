"""How a command ends when something went wrong: one clear paragraph, an exit code, never a trace."""

import asyncio
import sys
from collections.abc import Coroutine
from typing import Any, NoReturn, TypeVar

import typer
import uvloop

from gnatwork_schemas.errors import GnatworkError

T = TypeVar("T")


def fail(message: str, code: int = 1) -> NoReturn:
    """Say what is wrong and what to do about it, and end the program."""
    sys.stdout.flush()
    typer.echo(f"Error: {message}", err=True)
    raise typer.Exit(code)


def run_async(main: Coroutine[Any, Any, T]) -> T:
    """Run a command's coroutine; the errors that one can expect end the program with their message."""
    try:
        return uvloop.run(main)
    except GnatworkError as error:
        fail(str(error))
    except asyncio.CancelledError:
        fail("interrupted", code=130)
