"""What a watcher makes of live events, and how lines of logs and events are printed."""

import json
from io import StringIO
from typing import Any

import pytest
from rich.console import Console
from rich.live import Live

from gnatwork import LogLine, RunEvent
from gnatwork_cli.heard import Heard
from gnatwork_cli.output import Format
from gnatwork_cli.progress import awaited, note, undoing
from gnatwork_cli.run_log import print_event, print_line
from gnatwork_cli.run_view import Rows
from gnatwork_schemas.error import ErrorInfo
from gnatwork_schemas.messages import Undone
from gnatwork_schemas.status import Task, TaskStatus, WaitingFor

LINE = LogLine.model_validate(
    {
        "sequence": 7,
        "task": "page",
        "attempt": 2,
        "executor": "me",
        "at": 1.5,
        "level": "warning",
        "message": "slow\x1b[2J",
        "fields": {"pages": 3},
    }
)


def task(**more: Any) -> Task:
    return Task.model_validate({"task": "page", "block": "page", "type": "fetch", "status": "queued", **more})


def live(kind: str, attempt: int = 1, **more: Any) -> RunEvent:
    return RunEvent(event=f"block.page.{kind}", body={"task": "page", "attempt": attempt, "at": 5.0, **more})


def test_an_attempt_that_tells_something_runs() -> None:
    heard = Heard()
    assert heard.running(task(attempts=1)) is None
    heard.hear(live("progress", fraction=0.25, message="a quarter"))
    heard.hear(live("log", message="no matter"))
    heard.hear(RunEvent(event="block.page.output", sequence=3, body={}))
    running = heard.running(task(attempts=1))
    assert running is not None
    assert (running.at, heard.report(task(attempts=1))) == (5.0, "25% a quarter")
    assert heard.running(task(attempts=2)) is None
    assert heard.running(task(attempts=1, status=TaskStatus.COMPLETED)) is None


def test_the_table_shows_how_far_it_is_and_how_long_it_took() -> None:
    heard, screen = Heard(), StringIO()
    heard.hear(live("progress", fraction=0.5, message="half"))
    with Live(console=Console(file=screen, width=100, force_terminal=False), auto_refresh=False) as shown:
        rows = Rows(shown)
        rows.show([task(attempts=1)], heard)
        rows.tick()
    assert "running" in screen.getvalue()
    assert "50% half" in screen.getvalue()


def test_a_line_of_a_log(capsys: pytest.CaptureFixture[str]) -> None:
    print_line(LINE, Format.TABLE)
    print_line(LINE, Format.JSON)
    text, document = capsys.readouterr().out.splitlines()
    assert text.endswith("warning  page (attempt 2)  slow\\x1b[2J pages=3")
    assert json.loads(document)["message"] == LINE.message


def test_an_event(capsys: pytest.CaptureFixture[str]) -> None:
    error = {"error": {"code": "http.status", "message": "503"}}
    print_event(RunEvent(event="failed", run_id="r", workflow="w", sequence=1, at=1.0, body=error), Format.TABLE)
    print_event(live("progress", fraction=0.5, message="half"), Format.TABLE)
    failed, progress = capsys.readouterr().out.splitlines()
    assert failed.endswith("r  w  failed  http.status: 503")
    assert progress.endswith("block.page.progress  50% half")


def test_what_something_waits_for() -> None:
    assert awaited(WaitingFor(kind="signal", signal="go")) == "the signal go"
    assert awaited(WaitingFor(kind="at", at=0.5)).startswith("its time, at 19")
    waiting = task(status="waiting", waiting_for=WaitingFor(kind="child", run_id="r"))
    assert note(waiting) == "waits for run r"
    assert note(task(status="completed", reused=True)) == "reused"
    failed = ErrorInfo(code="http.status", message="503", task="pay:undo")
    told = undoing(Undone(compensated=2, failures=1, failed=(failed,), on_failure=None))
    assert told == "2 compensated, 1 could not be: http.status in pay:undo: 503"
