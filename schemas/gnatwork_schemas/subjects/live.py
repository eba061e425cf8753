"""Subjects of what users subscribe to, over core NATS."""

#: Everything about every run, as it happens.
LIVE_SUBJECTS = "workflow.>"


def live_event(run_id: str, event: str = ">") -> str:
    """A stored event once more, after storing: what users subscribe to."""
    return f"workflow.{run_id}.{event}"


def live_task(run_id: str, task: str, kind: str) -> str:
    """`started`, `progress` or `log` of a running task; the stream of logs keeps the last, nobody the others."""
    return f"workflow.{run_id}.block.{task}.{kind}"
