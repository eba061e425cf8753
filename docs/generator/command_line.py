"""`docs/reference/cli.md`: the help of every command."""

from docs.generator.commands import all_commands
from docs.generator.markdown import fence, page


def pages() -> dict[str, str]:
    """The one page."""
    parts = [f"## `{command.name}`\n\n{fence(command.help, 'text')}" for command in all_commands()]
    return {"cli.md": page("Command line", _INTRODUCTION, *parts)}


_INTRODUCTION = """\
What `--help` prints. Commands that talk to a running Gnatwork find it by their options, else by the environment, else
by `connection.json` in the data directory, which `gnatwork up` writes once it is ready. All options that are settings
are listed in [Settings](settings.md).

A command exits with 0 if it did what it says, 1 if it did not, and 2 if it was called wrongly; `run start --wait` and
`run watch` exit with 0 only if the run completed."""
