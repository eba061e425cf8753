"""`gnatwork demo`, as someone sees it who pipes it into a file."""

import signal
import subprocess
import sys
from pathlib import Path

from support.installation import PATIENCE, clean_environment, gnatwork


def is_empty(folder: Path) -> bool:
    return not any(folder.iterdir())


async def test_the_demo_runs_and_leaves_nothing(tmp_path: Path) -> None:
    ended = await gnatwork("demo", cwd=tmp_path, TMPDIR=str(tmp_path))
    assert ended.code == 0, ended.out + ended.err
    assert ended.err == ""
    for line in (
        "page         completed in",
        "The run completed after",
        "The hook received:",
        "The response:",
        "Next:",
    ):
        assert line in ended.out
    assert '"first": "Gnats agree on a message format"' in ended.out
    assert is_empty(tmp_path)


def test_the_demo_can_be_stopped(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "gnatwork_cli", "demo", "--data-dir", str(tmp_path)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=clean_environment(),
    ) as demo:
        assert demo.stdout is not None
        assert any(b"nats is ready" in line for line in demo.stdout)
        demo.send_signal(signal.SIGINT)
        demo.stdout.read()
        assert demo.wait(PATIENCE) == 130
    assert list((tmp_path / "run").glob("*.pid")) == []
