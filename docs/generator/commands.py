"""The command line as a tree, every command imported."""

from collections.abc import Iterator
from typing import Any, NamedTuple

import typer
from typer.main import get_command

from gnatwork_cli.main import app

#: Columns of help texts, whatever terminal they are made on.
_WIDTH = 100


class Command(NamedTuple):
    """A command, or a group of them."""

    #: As it is typed, e.g. `gnatwork run start`.
    name: str
    #: What `--help` prints.
    help: str
    #: Typer's arguments and options, without those that all commands have.
    parameters: tuple[Any, ...]
    is_group: bool


def all_commands() -> Iterator[Command]:
    """The root and all below it, parents first."""
    root = get_command(app)
    yield from _walk(root, _context(root, "gnatwork", None))


def _context(command: Any, name: str, parent: typer.Context | None) -> typer.Context:
    return typer.Context(command, parent=parent, info_name=name, terminal_width=_WIDTH, **command.context_settings)


def _walk(command: Any, context: typer.Context) -> Iterator[Command]:
    names = command.list_commands(context) if hasattr(command, "list_commands") else []
    yield Command(context.command_path, command.get_help(context), tuple(command.params), bool(names))
    for name in names:
        inner = command.get_command(context, name)
        yield from _walk(inner, _context(inner, name, context))
