"""A group of commands that imports a command's module only when the command is called.

`gnatwork --help` must be quick, and a service must not carry the imports of its siblings, so the table of a group
says what each command is for without importing it.
"""

from collections.abc import Mapping
from difflib import get_close_matches
from importlib import import_module
from typing import Any, ClassVar, NamedTuple

import typer
from typer.core import TyperGroup
from typer.main import get_command


class LazyCommand(NamedTuple):
    """Where a command lives: a module with a `typer.Typer` named `app`."""

    module: str
    #: What the list of commands says of it.
    summary: str


class CommandGroup(TyperGroup):
    """A group that says of its commands what they do in whole sentences, on as many lines as that takes."""

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """Write the list of commands."""
        commands = [(name, self.get_command(ctx, name)) for name in self.list_commands(ctx)]
        with formatter.section("Commands"):
            formatter.write_dl([(name, _summary(command.help)) for name, command in commands if command])


class LazyGroup(TyperGroup):
    """A group whose commands are imported by name; subclasses fill in the table."""

    lazy_commands: ClassVar[Mapping[str, LazyCommand]] = {}

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ARG002 - the base class's signature
        """The names, in the order of the table."""
        return list(self.lazy_commands)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """Import and return a command; one that does not exist ends with a suggestion."""
        entry = self.lazy_commands.get(cmd_name)
        if entry is None:
            if close := get_close_matches(cmd_name, self.lazy_commands, n=1):
                ctx.fail(f"No such command {cmd_name!r}. Did you mean {close[0]!r}?")
            return None
        app: typer.Typer = import_module(entry.module).app
        app.info.cls = CommandGroup
        command = get_command(app)
        command.name = cmd_name
        return command

    def format_commands(self, ctx: Any, formatter: Any) -> None:  # noqa: ARG002 - the base class's signature
        """Write the list of commands from the table, importing none of them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, entry.summary) for name, entry in self.lazy_commands.items()])


def _summary(help_text: str | None) -> str:
    """The first sentence of what a command says of itself."""
    first = " ".join((help_text or "").split("\n\n")[0].split())
    return f"{first.split('. ')[0].rstrip('.')}."
