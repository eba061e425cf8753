"""From the settings of `up` to the processes it runs."""

import dataclasses
import os
import subprocess
import sys
from pathlib import Path

import pytest

from gnatwork_cli.stack_plan import (
    SettingsError,
    StackSettings,
    environment,
    parse_blocks,
    parse_limits,
    parse_scale,
    parse_token,
    programs,
)

SETTINGS = StackSettings(
    data_dir=Path("/data"), blocks=("fetch", "logic"), scale={"fetch": 3}, egress_allow="10.0.0.1", limits="fetch=20"
)


def test_one_program_per_service_and_block() -> None:
    plan = {program.name: program for program in programs(SETTINGS, nats_command=["nats-server", "-c", "x"])}
    assert list(plan) == ["nats", "manager", "scheduler", "executor-fetch", "executor-logic"]
    assert plan["executor-fetch"].processes == 3
    assert plan["executor-logic"].processes == 1
    assert plan["executor-logic"].command[-3:] == ("executor", "--blocks", "logic")


def test_limits_are_read() -> None:
    assert parse_limits("") == {}
    assert parse_limits("fetch=20, hook=5,") == {"fetch": 20, "hook": 5}


@pytest.mark.parametrize("text", ["fetch", "fetch=", "=5", "fetch=0", "fetch=-1", "fetch=x", "fetch=1,fetch=2"])
def test_limits_that_are_none(text: str) -> None:
    with pytest.raises(SettingsError, match=r"--limits .*: write TYPE=N"):
        parse_limits(text)


@pytest.mark.parametrize("token", ["", "a b", "a\nb", "schlüssel"])
def test_a_token_that_no_header_can_carry(token: str) -> None:
    with pytest.raises(SettingsError, match="--token: it travels in a header"):
        parse_token(token)


def test_executors_stop_first_and_nats_last() -> None:
    stages = [program.priority for program in programs(SETTINGS, nats_command=["nats-server"])]
    assert stages == sorted(stages)
    assert len(set(stages)) == 4


def test_no_server_of_our_own_beside_a_given_one() -> None:
    assert "nats" not in {program.name for program in programs(SETTINGS, nats_command=None)}


def test_secrets_are_in_the_environment_and_not_in_any_command() -> None:
    variables = environment(SETTINGS, nats_url="nats://s3cret@127.0.0.1:1", token="t0ken", secret_keys="k3y")
    assert variables["GNATWORK_NATS"] == "nats://s3cret@127.0.0.1:1"
    assert variables["GNATWORK_TOKEN"] == "t0ken"
    assert variables["GNATWORK_EGRESS_ALLOW"] == "10.0.0.1"
    assert variables["GNATWORK_SQLITE_DIR"] == ""
    commands = " ".join(word for program in programs(SETTINGS, nats_command=None) for word in program.command)
    assert "s3cret" not in commands
    assert "t0ken" not in commands
    assert variables["GNATWORK_SECRET_KEYS"] == "k3y"
    assert "k3y" not in commands


def test_folders_are_the_same_wherever_a_service_is_started() -> None:
    settings = dataclasses.replace(SETTINGS, sqlite_dir=Path("databases"))
    variables = environment(settings, nats_url="nats://127.0.0.1:1", token="t0ken", secret_keys="k3y")
    assert variables["GNATWORK_SQLITE_DIR"] == str(Path.cwd() / "databases")


def test_the_manager_alone_sees_the_keys_of_connections() -> None:
    hidden = {program.name for program in programs(SETTINGS, nats_command=["nats"]) if program.hidden}
    assert hidden == {"nats", "scheduler", "executor-fetch", "executor-logic"}


def test_services_import_nothing_from_the_directory_where_they_are_started(tmp_path: Path) -> None:
    (tmp_path / "orjson.py").write_text("raise SystemExit(1)")
    variables = {**os.environ, **environment(SETTINGS, nats_url="nats://127.0.0.1:1", token="t0ken", secret_keys="k3y")}
    subprocess.run([sys.executable, "-c", "import orjson"], cwd=tmp_path, env=variables, check=True)


def test_scale() -> None:
    assert parse_scale(["fetch=3", "hook=1"], ("fetch", "hook")) == {"fetch": 3, "hook": 1}


@pytest.mark.parametrize("entry", ["fetch", "fetch=", "fetch=0", "fetch=-1", "fetch=x", "fetch=1000", "other=2"])
def test_a_scale_that_means_nothing_is_refused(entry: str) -> None:
    with pytest.raises(SettingsError, match="--scale"):
        parse_scale([entry], ("fetch",))


def test_blocks() -> None:
    assert parse_blocks("fetch, hook") == ("fetch", "hook")


@pytest.mark.parametrize("text", ["", "fetch,", "fetch,fetch"])
def test_a_list_of_blocks_that_means_nothing_is_refused(text: str) -> None:
    with pytest.raises(SettingsError, match="--blocks"):
        parse_blocks(text)
