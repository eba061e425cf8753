"""Why a run did not complete, as one error."""

from gnatwork_engine.core.state import RunState
from gnatwork_schemas import codes
from gnatwork_schemas.error import ErrorInfo
from gnatwork_schemas.messages import Cancelled, Failed, TimedOut


def run_error(state: RunState) -> ErrorInfo | None:
    """The error of a run that has ended otherwise than complete."""
    match state.end:
        case Failed() as end:
            return end.error
        case Cancelled() as end:
            return _plain(codes.CODES["run.cancelled"], end.reason)
        case TimedOut() as end:
            return _plain(codes.CODES["run.timeout"], f"{end.timeout:g} s")
    return None


def _plain(code: codes.ErrorCode, detail: str) -> ErrorInfo:
    return ErrorInfo(code=code.code, message=f"{code.meaning} ({detail})" if detail else code.meaning)
