"""One `up` per data directory."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from gnatwork_cli.data_dir_lock import AlreadyRunningError, hold


def test_a_second_holder_is_told_who_the_first_is(tmp_path: Path) -> None:
    with (
        hold(tmp_path),
        pytest.raises(AlreadyRunningError, match=rf"{tmp_path}, process {os.getpid()}"),
        hold(tmp_path),
    ):
        pass


def test_nothing_is_left_behind(tmp_path: Path) -> None:
    with hold(tmp_path):
        assert (tmp_path / "up.lock").read_text() == f"{os.getpid()}\n"
    assert list(tmp_path.iterdir()) == []
    with hold(tmp_path):
        pass


def test_a_killed_holder_blocks_nobody(tmp_path: Path) -> None:
    script = (
        "import sys, time, pathlib\n"
        "from gnatwork_cli.data_dir_lock import hold\n"
        f"with hold(pathlib.Path({str(tmp_path)!r})):\n"
        "    print('held', flush=True); sys.stdin.read()\n"
    )
    with subprocess.Popen([sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        with pytest.raises(AlreadyRunningError, match=str(holder.pid)), hold(tmp_path):
            pass
        holder.kill()
    assert (tmp_path / "up.lock").exists()
    with hold(tmp_path):
        pass
