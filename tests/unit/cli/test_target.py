"""Commands that talk to Gnatwork share the options to find it."""

import errno
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from gnatwork import Client
from gnatwork_cli.target import client_command

app = typer.Typer(rich_markup_mode=None)


@app.callback()
def group() -> None:
    """A group."""


@client_command(app)
async def ask(client: Client, what: str) -> None:
    """Ask for something."""
    await client.runs(workflow=what)


def test_the_command_has_its_own_options_and_the_shared_ones() -> None:
    result = CliRunner().invoke(app, ["ask", "--help"])
    assert result.exit_code == 0
    for name in ("{what}", "--api", "--token", "--nats", "--data-dir", "--namespace"):
        assert name in result.output


def test_an_address_that_nobody_knows_is_one_paragraph(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("GNATWORK_API", "GNATWORK_NATS", "GNATWORK_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    result = CliRunner().invoke(app, ["ask", "x", "--data-dir", str(tmp_path)])
    assert result.exit_code == 1
    assert result.stderr.startswith("Error: It is not known where Gnatwork is; start it with `gnatwork up`")
    assert "Traceback" not in result.stderr


def test_an_output_that_is_full_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    async def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Client, "runs", full)
    result = CliRunner().invoke(app, ["ask", "x", "--api", "http://127.0.0.1:1"])
    assert (result.exit_code, result.stderr) == (1, "Error: [Errno 28] No space left on device\n")


def test_nobody_there_is_one_paragraph() -> None:
    result = CliRunner().invoke(app, ["ask", "x", "--api", "http://127.0.0.1:1"])
    assert result.exit_code == 1
    assert result.stderr.startswith("Error: Nobody answers there")
