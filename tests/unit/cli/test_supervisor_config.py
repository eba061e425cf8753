"""The configuration of supervisord, read back by supervisord's own parser."""

from pathlib import Path

import pytest
from supervisor.options import ServerOptions

from gnatwork_cli.supervisor_config import Program, render

PROGRAMS = (
    Program(name="nats", command=("/opt/nats server", "-c", "a%b"), priority=10),
    Program(name="executor-fetch", command=("python", "-m", "x"), priority=40, processes=2, stop_seconds=30),
    Program(name="executor-hook", command=("python", "-m", "x"), priority=40),
)


def parsed(data_dir: Path) -> ServerOptions:
    (data_dir / "logs").mkdir()
    (data_dir / "run").mkdir()
    config = data_dir / "run" / "supervisord.conf"
    config.write_text(render(PROGRAMS, guard=("py", "guard.py"), data_dir=data_dir, user=None))
    options = ServerOptions()
    options.realize(["-c", str(config)])
    return options


def test_every_program_runs_behind_the_guard(tmp_path: Path) -> None:
    groups = {group.name: group for group in parsed(tmp_path).process_group_configs}
    (nats,) = groups["stage-10"].process_configs
    assert nats.command == f"py guard.py {tmp_path}/run/nats.pid -- '/opt/nats server' -c a%b"
    assert nats.stdout_logfile == f"{tmp_path}/logs/nats.log"
    assert nats.redirect_stderr


def test_processes_of_a_stage_are_one_group_and_scaled_ones_have_names_of_their_own(tmp_path: Path) -> None:
    groups = {group.name: group for group in parsed(tmp_path).process_group_configs}
    executors = {config.name: config for config in groups["stage-40"].process_configs}
    assert executors.keys() == {"executor-fetch-1", "executor-fetch-2", "executor-hook"}
    assert executors["executor-fetch-2"].command.startswith(f"py guard.py {tmp_path}/run/executor-fetch-2.pid -- ")
    assert executors["executor-fetch-1"].stopwaitsecs == 30


def test_stages_start_in_order(tmp_path: Path) -> None:
    groups = sorted(parsed(tmp_path).process_group_configs)
    assert [group.name for group in groups] == ["stage-10", "stage-40"]


@pytest.mark.parametrize("path", ["/data/a ;b", "/data/a #b", "/data/100%"])
def test_a_path_that_supervisor_would_misread_is_refused(path: str) -> None:
    with pytest.raises(ValueError, match="choose another one"):
        render(PROGRAMS, guard=("py",), data_dir=Path(path), user=None)


def test_a_path_with_spaces_is_kept(tmp_path: Path) -> None:
    odd = tmp_path / "my data"
    odd.mkdir()
    (nats,) = next(group for group in parsed(odd).process_group_configs if group.name == "stage-10").process_configs
    assert nats.stdout_logfile == f"{odd}/logs/nats.log"
    assert f"'{odd}/run'/nats.pid" in nats.command
