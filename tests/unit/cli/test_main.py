"""The root command: quick, and honest about commands that it has not imported."""

import subprocess
import sys
from importlib import import_module

import pytest
from typer.main import get_command
from typer.testing import CliRunner

from gnatwork_cli.main import Commands, app

HEAVY = ("pydantic", "rich", "nats", "httpx", "fastapi", "gnatwork", "gnatwork_bus", "gnatwork_manager")


def test_help_lists_every_command() -> None:
    result = CliRunner().invoke(app, ["--help"])
    assert result.exit_code == 0
    for name, entry in Commands.lazy_commands.items():
        assert f"  {name} " in result.output
        assert entry.summary in result.output


def test_help_imports_nothing_heavy() -> None:
    script = (
        "import sys\n"
        "from gnatwork_cli.main import app\n"
        "try: app(['--help'])\n"
        "except SystemExit: pass\n"
        f"sys.exit(repr([name for name in {HEAVY!r} if name in sys.modules]))\n"
    )
    ended = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert ended.stderr.strip() == "[]"


@pytest.mark.parametrize("name", Commands.lazy_commands)
def test_every_command_can_be_imported_and_says_what_it_does(name: str) -> None:
    command = get_command(import_module(Commands.lazy_commands[name].module).app)
    assert command.help


@pytest.mark.parametrize("name", Commands.lazy_commands)
def test_what_a_group_says_of_its_commands_is_not_cut_off(name: str) -> None:
    result = CliRunner().invoke(app, [name, "--help"], terminal_width=80)
    assert result.exit_code == 0
    assert "..." not in result.output.partition("Commands:")[2]


def test_a_mistyped_command_gets_a_suggestion() -> None:
    result = CliRunner().invoke(app, ["demmo"])
    assert result.exit_code == 2
    assert "Did you mean 'demo'?" in result.output


def test_version() -> None:
    result = CliRunner().invoke(app, ["--version"])
    assert result.exit_code == 0
    assert result.output.startswith("gnatwork 0.")
