"""Subjects of work items, and of what stops them."""

from typing import NamedTuple

#: All of the work queue.
WORK_SUBJECTS = "block.>"
#: What is sent here is always refused, after all that was sent to the work queue before: then it is stored.
WORK_BARRIER = "block.BARRIER"
#: The lane of ordinary work.
NORMAL_LANE = "normal"
#: All lanes, the most urgent first.
LANES = ("high", "normal", "low")


class WorkSubject(NamedTuple):
    """The tokens of `block.<type>.<lane>.<ns>.<run>.<task>.<attempt>.input`."""

    type: str
    lane: str
    namespace: str
    run_id: str
    task: str
    attempt: int


def work_item(item: WorkSubject) -> str:
    """The subject of one attempt of one task."""
    return f"block.{item.type}.{item.lane}.{item.namespace}.{item.run_id}.{item.task}.{item.attempt}.input"


def parse_work(subject: str) -> WorkSubject:
    """The tokens of a work subject; ValueError when it is none."""
    head, type_, lane, namespace, run_id, task, attempt, tail = subject.split(".")
    if (head, tail) != ("block", "input"):
        raise ValueError(f"not a work subject: {subject}")
    return WorkSubject(type_, lane, namespace, run_id, task, int(attempt))


def work_type(subject: str) -> str:
    """The block type of a subject that `work_of_type` matches, however it goes on."""
    return subject.split(".", 2)[1]


def work_of_type(type_: str, lane: str) -> str:
    """What the executors of a block type pull."""
    return f"block.{type_}.{lane}.>"


def work_of_run(namespace: str, run_id: str) -> str:
    """All work items of a run."""
    return f"block.*.*.{namespace}.{run_id}.>"


def work_of_attempt(namespace: str, run_id: str, task: str, attempt: int) -> str:
    """One attempt of a task, whatever its type and lane."""
    return f"block.*.*.{namespace}.{run_id}.{task}.{attempt}.input"


def cancel_control(namespace: str, run_id: str) -> str:
    """Tells executors to stop the tasks of a run at once (core NATS)."""
    return f"control.{namespace}.{run_id}.cancel"


def parse_cancel_control(subject: str) -> tuple[str, str]:
    """Namespace and run of a cancel control."""
    _, namespace, run_id, _ = subject.split(".")
    return namespace, run_id


#: What executors listen to for `cancel_control`.
CANCEL_CONTROLS = "control.*.*.cancel"
