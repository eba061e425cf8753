"""Each step of a run is said once, in order."""

from gnatwork_cli.progress import Attempt, Progress, line, tally, verdict
from gnatwork_schemas.error import ErrorInfo
from gnatwork_schemas.status import Run, RunStatus, Task, TaskStatus

ERROR = ErrorInfo(code="http.status", message="503", retryable=True)


def task(status: TaskStatus, name: str = "page", **more: object) -> Task:
    return Task.model_validate({"task": name, "block": name, "type": "fetch", "status": status, **more})


def said(progress: Progress, *tasks: Task, running: tuple[Attempt, ...] = ()) -> list[str]:
    return [f"{step.task} {step.text}" for step in progress.steps(tasks, running)]


def test_a_task_that_went_by_unseen_is_told_whole() -> None:
    done = task(TaskStatus.COMPLETED, attempts=1, queued_at=10.0, started_at=10.1, ended_at=10.35)
    progress = Progress()
    assert said(progress, done) == ["page queued", "page started", "page completed in 250 ms"]
    assert said(progress, done) == []


def test_a_task_step_by_step() -> None:
    progress = Progress()
    queued = task(TaskStatus.QUEUED, attempts=1, queued_at=10.0)
    begun = (Attempt("page", 1, 10.1),)
    assert said(progress, task(TaskStatus.PENDING)) == []
    assert said(progress, queued) == ["page queued"]
    assert said(progress, queued, running=begun) == ["page started"]
    done = task(TaskStatus.COMPLETED, attempts=1, queued_at=10.0, started_at=10.1, ended_at=12.1)
    assert said(progress, done, running=begun) == ["page completed in 2.0 s"]


def test_what_the_engine_steers_has_started_before_what_is_inside() -> None:
    loop = task(TaskStatus.RUNNING, "loop", attempts=1, queued_at=10.0, started_at=10.0)
    inside = task(TaskStatus.QUEUED, "loop/0/x", attempts=1, queued_at=10.1)
    progress = Progress()
    assert said(progress, loop, inside) == ["loop queued", "loop started", "loop/0/x queued"]
    done = task(TaskStatus.COMPLETED, "loop", attempts=1, queued_at=10.0, started_at=10.0, ended_at=11.0)
    assert said(progress, done) == ["loop completed in 1.0 s"]


def test_retries() -> None:
    progress = Progress()
    failed = task(TaskStatus.RETRYING, attempts=1, queued_at=10.0, started_at=10.1, error=ERROR)
    assert said(progress, failed) == [
        "page queued",
        "page started",
        "page attempt 1 failed and is tried again: http.status: 503",
    ]
    done = task(TaskStatus.COMPLETED, attempts=2, queued_at=10.0, started_at=11.0, ended_at=11.5, error=ERROR)
    assert said(progress, done) == ["page started, attempt 2", "page completed in 500 ms at attempt 2"]


def test_a_failure_says_why() -> None:
    failed = task(TaskStatus.FAILED, attempts=1, queued_at=1.0, started_at=1.0, ended_at=1.0, error=ERROR)
    assert said(Progress(), failed)[-1] == "page failed in 0 ms: http.status: 503"


def test_a_skipped_task_was_never_queued() -> None:
    assert said(Progress(), task(TaskStatus.SKIPPED, ended_at=5.0)) == ["page skipped"]


def test_steps_of_several_tasks_come_in_the_order_of_time() -> None:
    one = task(TaskStatus.COMPLETED, "a", attempts=1, queued_at=1.0, started_at=1.1, ended_at=3.0)
    two = task(TaskStatus.COMPLETED, "b", attempts=1, queued_at=1.05, started_at=1.2, ended_at=2.0)
    times = [step.at for step in Progress().steps([one, two], ())]
    assert times == sorted(times)


def test_a_line_counts_from_the_beginning_of_the_run() -> None:
    (step,) = Progress().steps([task(TaskStatus.QUEUED, attempts=1, queued_at=101.5)], ())
    assert line(step, 100.0, 12) == "  1.50 s  page         queued"


def test_a_tally_tells_the_ends_first() -> None:
    assert tally({"queued": 10, "completed": 9_988, "failed": 2}).split() == [
        "10,000", "9,988", "completed,", "2", "failed,", "10", "queued"
    ]  # fmt: skip


def test_verdict() -> None:
    run = Run(
        run_id="r", namespace="n", workflow="w", status=RunStatus.FAILED, created_at=1.0, ended_at=3.5, error=ERROR
    )
    assert verdict(run) == "The run failed after 2.5 s: http.status: 503"
    named = run.model_copy(update={"error": ERROR.model_copy(update={"task": "each/3/page"})})
    assert verdict(named) == "The run failed after 2.5 s: http.status in each/3/page: 503"
    done = run.model_copy(update={"status": RunStatus.COMPLETED, "error": None})
    assert verdict(done) == "The run completed after 2.5 s."
