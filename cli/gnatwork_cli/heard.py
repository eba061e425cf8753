"""What running attempts have told those who watch."""

from collections.abc import Sequence

from gnatwork import RunEvent
from gnatwork_cli.progress import Attempt
from gnatwork_schemas.status import Task, TaskStatus


class Heard:
    """Which attempts are known to have begun, and how far they said that they are."""

    def __init__(self) -> None:
        self._attempts: dict[tuple[str, int], Attempt] = {}
        self._reports: dict[tuple[str, int], str] = {}

    @property
    def attempts(self) -> Sequence[Attempt]:
        """Those that have begun."""
        return list(self._attempts.values())

    def hear(self, event: RunEvent) -> None:
        """Take note of an event; only live ones tell what is not stored."""
        if event.sequence is not None:
            return
        kind = event.event.rpartition(".")[2]
        if kind not in {"started", "progress"}:
            return
        body = event.body
        attempt = Attempt(body["task"], body["attempt"], body["at"])
        key = attempt.task, attempt.number
        # Who came too late for the beginning hears of it by what is told later.
        self._attempts.setdefault(key, attempt)
        if kind == "progress":
            self._reports[key] = f"{body['fraction']:.0%} {body.get('message', '')}".rstrip()

    def running(self, task: Task) -> Attempt | None:
        """The attempt of a task that runs, as far as one knows."""
        return self._attempts.get((task.task, task.attempts)) if task.status is TaskStatus.QUEUED else None

    def report(self, task: Task) -> str:
        """How far it is; empty when it has not said."""
        return self._reports.get((task.task, task.attempts), "")
