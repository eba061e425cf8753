"""A run as commands print it."""

from typing import Any

import pytest

from gnatwork_cli.run_output import print_run
from gnatwork_schemas.messages import Trigger
from gnatwork_schemas.status import Run, RunStatus


def printed(capsys: pytest.CaptureFixture[str], **fields: Any) -> list[list[str]]:
    run = Run(
        run_id="run-1", namespace="default", workflow="shop", status=RunStatus.COMPLETED, created_at=1.0, **fields
    )
    print_run(run)
    return [line.split() for line in capsys.readouterr().out.splitlines()]


def test_a_run_says_what_started_it(capsys: pytest.CaptureFixture[str]) -> None:
    lines = printed(capsys, trigger=Trigger(type="webhook", id="door"), version=3)
    assert ["trigger", "door", "(webhook)"] in lines
    assert ["workflow", "shop,", "version", "3"] in lines


def test_a_run_that_someone_asked_for_has_no_trigger(capsys: pytest.CaptureFixture[str]) -> None:
    assert not [line for line in printed(capsys) if line[0] == "trigger"]
