"""Events of runs that start further runs, none of which may lead back to where it began."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from gnatwork_bus.history import History
from gnatwork_schemas import header_names, subjects
from gnatwork_schemas.messages import Start
from gnatwork_schemas.subjects import HistorySubject

#: Under this name a run knows the workflows whose runs led to it.
CHAIN = "chain"
#: A longer chain starts nothing more.
_MAX_CHAIN = 100


def run_of(headers: Mapping[str, str]) -> tuple[HistorySubject, int] | None:
    """Whose event it is that the server has republished, and its sequence; None for anything else."""
    try:
        subject = subjects.parse_history(headers.get(header_names.STORED_SUBJECT, ""))
        return subject, int(headers.get(header_names.STORED_SEQUENCE, ""))
    except ValueError:
        return None


@dataclass(frozen=True, slots=True)
class Chains:
    """Finds out which workflows led to a run."""

    history: History

    async def of(self, run: HistorySubject) -> list[str] | None:
        """The workflows of a run, of the runs that it is a child of, and of all whose events led to one of them.

        None where that can't be told, for then it may be a circle.
        """
        chain: dict[str, None] = {}
        run_id: str | None = run.run_id
        while run_id is not None and len(chain) <= _MAX_CHAIN:
            message = await self.history.find_start(run.namespace, run_id)
            if message is None:
                return None
            try:
                start = Start.model_validate_json(message.data)
            except ValidationError:
                return None
            chain |= dict.fromkeys((start.workflow, *_earlier(start)))
            run_id = start.parent
        return list(chain) if len(chain) <= _MAX_CHAIN else None


def _earlier(start: Start) -> list[str]:
    earlier: Any = start.trigger.details.get(CHAIN) if start.trigger.type == "event" else None
    return [name for name in earlier if isinstance(name, str)] if isinstance(earlier, list) else []
