"""When runs of a workflow may begin: `concurrency` and `rate_limit`."""

from pydantic import JsonValue

from gnatwork_engine.compiler.faults import Faults
from gnatwork_engine.compiler.frames import Frame
from gnatwork_engine.compiler.references import read_references
from gnatwork_engine.compiler.shape import Draft, DraftBody
from gnatwork_schemas.control_block import ConcurrencyLimit, StartRate
from gnatwork_schemas.template import Templated

_EARLY = "has not run yet when this is asked; `input`, `run`, `trigger` and `labels` are known"
_NO_ERROR = "there is no `error` before a run begins"


def concurrency_limit(draft: Draft, faults: Faults) -> ConcurrencyLimit | None:
    """How many runs there may be at once."""
    limit = draft.definition.concurrency if draft.definition else None
    if limit is None:
        return None
    key = _key(limit.key, "concurrency", draft.body, faults)
    return ConcurrencyLimit(max=limit.max, key=key, on_limit=limit.on_limit)


def start_rate(draft: Draft, faults: Faults) -> StartRate | None:
    """How many runs may begin in a time."""
    limit = draft.definition.rate_limit if draft.definition else None
    if limit is None:
        return None
    return StartRate(max=limit.max, per=limit.per, key=_key(limit.key, "rate_limit", draft.body, faults))


def _key(key: JsonValue, name: str, body: DraftBody, faults: Faults) -> Templated:
    frame = Frame(body, early=_EARLY, no_error=_NO_ERROR, labels=True)
    return Templated(config=key, templates=read_references(key, (name, "key"), frame, faults))
