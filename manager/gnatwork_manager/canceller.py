"""Asking for a run to be stopped."""

from dataclasses import dataclass
from typing import Any

from gnatwork_bus.history import History
from gnatwork_manager.problems import ProblemError, invalid
from gnatwork_manager.reader import RunReader
from gnatwork_schemas import subjects
from gnatwork_schemas.messages import CancelRequest

_MAX_REASON = 1000


@dataclass(frozen=True, kw_only=True, slots=True)
class Canceller:
    """Appends requests to cancel."""

    history: History
    reader: RunReader

    async def cancel(self, namespace: str, run_id: str, reason: str) -> None:
        """Return once the request is stored; ProblemError `run.not_found`, `run.ended`."""
        base = await self.reader.base(namespace, run_id)
        last = await self.history.last(subjects.run_borders(base))
        if last and (end := subjects.parse_history(last.subject).event) in subjects.ENDS:
            raise ProblemError("run.ended", f"run {run_id} has ended: {end}")
        await self.history.append(
            base, subjects.REQUEST_CANCEL, CancelRequest(reason=reason).model_dump_json().encode()
        )


def parse_reason(value: Any) -> str:
    """The reason in a request's body `{reason?}`; raises ProblemError."""
    reason = value.get("reason", "") if isinstance(value, dict) and value.keys() <= {"reason"} else None
    if not isinstance(reason, str) or len(reason) > _MAX_REASON:
        raise invalid("/reason", f'the body must be empty or {{"reason": a text of at most {_MAX_REASON} characters}}')
    return reason
