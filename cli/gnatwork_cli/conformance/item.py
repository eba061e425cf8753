"""Work items as the suite makes them up."""

import itertools
import secrets
import time
from collections.abc import Iterator
from typing import Any, NamedTuple

from gnatwork_schemas import subjects
from gnatwork_schemas.messages import Work

#: The namespace of all runs that the suite makes up.
NAMESPACE = "conformance"
#: Likewise the workflow.
WORKFLOW = "suite"


class Item(NamedTuple):
    """A queued work item."""

    work: Work
    #: Its place in the work queue.
    sequence: int

    @property
    def base(self) -> str:
        """The history of its run."""
        return history_base(self.work)

    @property
    def subject(self) -> subjects.WorkSubject:
        """What its subject says, in the ordinary lane."""
        return tokens_of(self.work)


def history_base(work: Work) -> str:
    """The history of an item's run."""
    return work.output_subject.removesuffix(f".{subjects.output_event(work.task)}")


def tokens_of(work: Work, lane: str = subjects.NORMAL_LANE) -> subjects.WorkSubject:
    """What the subject of an item says."""
    return subjects.WorkSubject(work.type, lane, work.namespace, work.run_id, work.task, work.attempt)


def make_work(type_: str, run_id: str, shard: int, config: Any, **fields: Any) -> Work:
    """A work item as the scheduler makes it; `fields` in the place of what it would say."""
    task = "step"
    base = subjects.history_base(shard, NAMESPACE, WORKFLOW, run_id)
    return Work(
        **{
            "run_id": run_id,
            "namespace": NAMESPACE,
            "workflow": WORKFLOW,
            "task": task,
            "type": type_,
            "attempt": 1,
            "max_attempts": 3,
            "timeout": 120.0,
            "idempotency_key": f"{run_id}/{task}",
            "decided_at": time.time(),
            "config": config,
            "output_subject": f"{base}.{subjects.output_event(task)}",
            "error_subject": f"{base}.{subjects.error_event(task)}",
            **fields,
        }
    )


def run_ids() -> Iterator[str]:
    """Ids that no other suite has, on the same server."""
    salt = secrets.token_hex(4)
    return (f"01890a5d-ac96-774b-8{salt[:3]}-{salt[3:]}{number:07x}" for number in itertools.count(1))
