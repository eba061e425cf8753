"""`docs/reference/settings.md`: every setting, as a flag and as an environment variable."""

from typing import Any, NamedTuple

from docs.generator.commands import all_commands
from docs.generator.markdown import code, page, table


class Setting(NamedTuple):
    """A flag with an environment variable, and what it means to some commands."""

    variable: str
    flag: str
    default: str
    meaning: str


def pages() -> dict[str, str]:
    """The one page."""
    rows = [
        (code(setting.variable), code(setting.flag), setting.default, setting.meaning, ", ".join(map(code, commands)))
        for setting, commands in settings().items()
    ]
    head = ("Variable", "Flag", "Default", "Meaning", "Commands")
    return {"settings.md": page("Settings", _INTRODUCTION, table(head, sorted(rows)), _MORE)}


def settings() -> dict[Setting, list[str]]:
    """All settings, with the commands that take them in this sense."""
    found: dict[Setting, list[str]] = {}
    for command in all_commands():
        for parameter in command.parameters:
            if variable := getattr(parameter, "envvar", None):
                flag = max(parameter.opts, key=len)
                setting = Setting(variable, flag, _default(parameter), parameter.help)
                found.setdefault(setting, []).append(command.name.removeprefix("gnatwork "))
    return {setting: _summed_up(commands) for setting, commands in found.items()}


def _default(parameter: Any) -> str:
    if parameter.required:
        return "required"
    return code(str(parameter.default or ""))


def _summed_up(commands: list[str]) -> list[str]:
    """The commands of a group as one entry."""
    return list(
        dict.fromkeys(f"{group} …" if rest else group for group, _, rest in (c.partition(" ") for c in commands))
    )


_INTRODUCTION = """\
Every setting is a flag and an environment variable; a flag wins. `gnatwork up` hands its own settings on to the
services that it starts, through their environment."""

_MORE = """\
Options of a single command that are no settings, such as `--wait`, stand in [Command line](cli.md). What a running NATS
server keeps, such as the number of shards, is told in [Subjects, streams and headers](subjects.md)."""
