"""What people ask of a run: that it stops, pauses, goes on, hears a signal. It is appended here, and done elsewhere."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from gnatwork_bus.history import History
from gnatwork_bus.message import StoredMessage
from gnatwork_manager.problems import ProblemError, invalid
from gnatwork_manager.reader import RunReader
from gnatwork_manager.submission import check_fields
from gnatwork_schemas import subjects
from gnatwork_schemas.errors import ConflictError
from gnatwork_schemas.messages import CancelRequest, Message, PauseRequest, ResumeRequest

_MAX_REASON = 1000


@dataclass(frozen=True, kw_only=True, slots=True)
class RunControl:
    """Appends requests to runs, on the condition that they have not ended.

    Every method returns once its event is stored, and raises ProblemError `run.not_found`, `run.ended`.
    """

    history: History
    reader: RunReader

    async def cancel(self, namespace: str, run_id: str, reason: str) -> None:
        """Ask for a run to be stopped."""
        await self._request(namespace, run_id, subjects.REQUEST_CANCEL, CancelRequest(reason=reason))

    async def pause(self, namespace: str, run_id: str, reason: str) -> None:
        """Ask that nothing new of a run begins; one that is paused stays so."""
        await self._request(namespace, run_id, subjects.REQUEST_PAUSE, PauseRequest(reason=reason))

    async def resume(self, namespace: str, run_id: str) -> None:
        """Ask for a paused run to go on; one that is not paused does so anyway."""
        await self._request(namespace, run_id, subjects.REQUEST_RESUME, ResumeRequest())

    async def append(
        self, start: StoredMessage, event: str, body: Message, headers: Mapping[str, str] | None = None
    ) -> None:
        """Append an event to the run with this start; one that is archived has no borders any more, and so ended."""
        base = start.subject.removesuffix(f".{subjects.START}")
        borders = subjects.run_borders(base)
        try:
            await self.history.append(
                base, event, body.model_dump_json().encode(), headers=headers, expect=(borders, start.sequence)
            )
        except ConflictError:
            run_id = subjects.parse_history(start.subject).run_id
            last = await self.history.last(borders)
            end = subjects.parse_history(last.subject).event if last else "archived"
            how = "completed" if end == subjects.COMPLETE else end
            raise ProblemError("run.ended", f"run {run_id} has ended: {how}") from None

    async def _request(self, namespace: str, run_id: str, event: str, body: Message) -> None:
        await self.append(await self.reader.start(namespace, run_id), event, body)


def parse_reason(value: Any) -> str:
    """The reason in a request's body `{reason?}`; raises ProblemError."""
    reason = value.get("reason", "") if isinstance(value, dict) and value.keys() <= {"reason"} else None
    if not isinstance(reason, str) or len(reason) > _MAX_REASON:
        raise invalid("/reason", f'the body must be empty or {{"reason": a text of at most {_MAX_REASON} characters}}')
    return reason


def parse_nothing(value: Any) -> None:
    """Nothing, from a request's body that is empty or `{}`; raises ProblemError."""
    if not isinstance(value, dict):
        raise invalid("", "the body must be empty or an object")
    check_fields(value, ())
