"""What the guard leaves behind in the program that it becomes, and what `leftovers` makes of it."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from gnatwork_cli import guard, leftovers

ECHO = "import sys; print('up', flush=True); sys.stdin.read()"
#: A program that does not end on SIGTERM.
DEAF = "import signal, sys; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); sys.stdin.read()"


@contextmanager
def guarded(pid_file: Path, script: str = ECHO) -> Iterator[subprocess.Popen[bytes]]:
    command = [sys.executable, "-I", "-S", guard.__file__, str(pid_file), "--", sys.executable, "-c", script]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"up\n"
        try:
            yield process
        finally:
            process.kill()


def test_the_program_keeps_the_pid_that_is_in_the_file(tmp_path: Path) -> None:
    with guarded(tmp_path / "one.pid") as process:
        assert (tmp_path / "one.pid").read_text() == f"{process.pid}\n"
        assert leftovers.living(tmp_path) == [leftovers.Leftover("one", process.pid, tmp_path / "one.pid")]


def test_the_file_of_a_dead_process_is_removed(tmp_path: Path) -> None:
    with guarded(tmp_path / "one.pid"):
        pass
    assert leftovers.living(tmp_path) == []
    assert list(tmp_path.iterdir()) == []


def test_a_number_that_belongs_to_a_stranger_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "one.pid").write_text(f"{os.getpid()}\n")
    assert leftovers.living(tmp_path) == []


async def test_leftovers_are_stopped_the_supervisor_first(tmp_path: Path) -> None:
    with guarded(tmp_path / "executor.pid") as executor, guarded(tmp_path / "supervisord.pid") as supervisor:
        assert await leftovers.stop_all(tmp_path, patience=5) == ["supervisord", "executor"]
        assert supervisor.wait(timeout=5) == executor.wait(timeout=5) == -15


async def test_what_does_not_stop_is_killed(tmp_path: Path) -> None:
    with guarded(tmp_path / "deaf.pid", DEAF) as deaf:
        await leftovers.stop_all(tmp_path, patience=0.1)
        assert deaf.wait(timeout=5) == -9


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel's promise is Linux's")
def test_the_program_ends_with_its_parent(tmp_path: Path) -> None:
    parent_script = (
        "import subprocess, sys\n"
        f"child = subprocess.Popen([sys.executable, '-I', '-S', {guard.__file__!r}, {str(tmp_path / 'c.pid')!r}, '--',"
        f" sys.executable, '-c', {ECHO!r}], stdin=subprocess.PIPE)\n"
        "child.wait()\n"
    )
    with subprocess.Popen([sys.executable, "-c", parent_script], stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        assert parent.stdout.readline() == b"up\n"
        parent.kill()
        # The child holds the other end of this pipe: it closes when the child is gone.
        assert parent.stdout.read() == b""
    assert leftovers.living(tmp_path) == []


def test_a_guard_without_a_command_says_how_it_is_used(tmp_path: Path) -> None:
    command = [sys.executable, "-I", "-S", guard.__file__, str(tmp_path / "x.pid"), "--"]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ended.returncode == 1
    assert "usage" in ended.stderr
