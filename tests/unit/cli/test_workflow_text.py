"""What people see of a difference, and what is to become of a workflow."""

import pytest

from gnatwork_cli.workflow_plan import change_of
from gnatwork_cli.workflow_text import diff_lines
from gnatwork_schemas.diff import FieldChange, PartChange, WorkflowDiff
from gnatwork_schemas.workflow import WorkflowSummary


def test_a_difference_in_lines() -> None:
    diff = WorkflowDiff(
        workflow="news",
        old=1,
        same=False,
        fields=(FieldChange(pointer="/timeout", change="changed", old="1h", new=7200),),
        blocks=(
            PartChange(
                id="each/page",
                type="fetch",
                change="changed",
                fields=(
                    FieldChange(pointer="/config/url", change="removed", old="https://example.org"),
                    FieldChange(pointer="/retry", change="added", new={"max_attempts": 3}),
                ),
            ),
            PartChange(id="end", type="noop", change="added", new={"id": "end", "type": "noop"}),
        ),
        triggers=(PartChange(id="hook", type="webhook", change="removed", old={}),),
    )
    assert list(diff_lines(diff)) == [
        '~ /timeout: "1h" → 7200',
        "~ block each/page (fetch)",
        '    - /config/url: "https://example.org"',
        '    + /retry: {"max_attempts": 3}',
        "+ block end (noop)",
        "- trigger hook (webhook)",
    ]


def test_long_values_are_cut_and_controls_written_out() -> None:
    change = FieldChange(pointer="/description", change="added", new="x" * 1000)
    (line,) = diff_lines(WorkflowDiff(workflow="news", old=1, same=False, fields=(change,)))
    assert len(line) < 200
    change = FieldChange(pointer="/\x1b[31m", change="added", new="\x1b[31m")
    (line,) = diff_lines(WorkflowDiff(workflow="news", old=1, same=False, fields=(change,)))
    assert "\x1b" not in line


def seen(version: int | None, newest: int) -> WorkflowSummary:
    return WorkflowSummary(name="news", version=version, newest=newest, created_at=1, updated_at=1, revision=9)


@pytest.mark.parametrize(
    ("before", "same", "publish", "change"),
    [
        (None, False, True, "added"),
        (None, False, False, "added"),
        (seen(2, 2), True, True, "unchanged"),
        (seen(2, 2), False, True, "changed"),
        (seen(1, 2), True, True, "published"),
        (seen(1, 2), True, False, "unchanged"),
        (seen(None, 1), True, True, "published"),
        (seen(1, 2), False, False, "changed"),
    ],
)
def test_what_is_to_become_of_a_workflow(
    before: WorkflowSummary | None, same: bool, publish: bool, change: str
) -> None:
    assert change_of(before, same=same, publish=publish) == change
