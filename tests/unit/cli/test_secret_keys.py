"""Where the keys of connections come from: a variable or a file, and never the list of processes."""

import stat
from pathlib import Path

import pytest
from typer.testing import CliRunner

from gnatwork_cli.manager_command import app
from gnatwork_cli.secret_keys import kept_secret_keys, read_secret_keys
from gnatwork_cli.stack_plan import SettingsError
from gnatwork_manager.connections.sealing import SecretKeysError, generate_key


def test_keys_are_made_once_and_only_their_owner_reads_them(tmp_path: Path) -> None:
    setting = kept_secret_keys(tmp_path)
    path = tmp_path / "secret_keys"
    assert setting == f"@{path}"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    written = path.read_text()
    assert kept_secret_keys(tmp_path) == setting
    assert path.read_text() == written
    keys = read_secret_keys(setting)
    assert keys
    assert keys.first == written.partition(":")[0]


def test_keys_may_stand_in_the_setting_itself() -> None:
    keys = read_secret_keys(f"{generate_key()},{generate_key()}")
    assert keys
    assert read_secret_keys(None) is None


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="nothing-here"):
        read_secret_keys(f"@{tmp_path}/nothing-here")


def test_a_file_without_keys_is_refused(tmp_path: Path) -> None:
    (tmp_path / "empty").touch()
    with pytest.raises(SecretKeysError):
        read_secret_keys(f"@{tmp_path}/empty")


def test_keys_on_the_command_line_are_refused() -> None:
    key = generate_key()
    # Whatever is done about the keys: no manager starts with such a token.
    result = CliRunner().invoke(app, ["--nats", "nats://127.0.0.1:1", "--token", "a b", "--secret-keys", key])
    assert result.exit_code == 2
    assert "GNATWORK_SECRET_KEYS" in result.output
    assert key not in result.output


def test_wrong_keys_in_the_variable_are_refused_with_the_reason() -> None:
    arguments = ["--nats", "nats://127.0.0.1:1", "--token", "t"]
    result = CliRunner().invoke(app, arguments, env={"GNATWORK_SECRET_KEYS": "k:c2hvcnQ="})
    assert result.exit_code == 1
    assert "has 5 bytes and needs 32" in result.output
