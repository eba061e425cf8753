"""What a client can run into.

GnatworkError
└── ClientError
    ├── AddressError      it is not known where Gnatwork is
    ├── UnreachableError  nobody answers there
    ├── RequestError      the manager refused a request
    └── RunError          a run ended otherwise than completed
"""

from gnatwork_schemas.codes import CODES
from gnatwork_schemas.error import ErrorInfo
from gnatwork_schemas.errors import GnatworkError
from gnatwork_schemas.problem import Problem
from gnatwork_schemas.status import RunStatus


class ClientError(GnatworkError):
    """The client can't do what it was asked to."""


class AddressError(ClientError):
    """It is not known where Gnatwork is; start it with `gnatwork up`, or name its GNATWORK_DATA_DIR or GNATWORK_API."""


class UnreachableError(ClientError):
    """Nobody answers there; see whether `gnatwork up` is running, and `gnatwork doctor`."""


class RequestError(ClientError):
    """The manager refused a request."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(_text(problem))
        #: The manager's answer: code, advice, and the places of all mistakes.
        self.problem = problem

    def __str__(self) -> str:
        return self.detail


class RunError(ClientError):
    """The run did not complete."""

    def __init__(self, run_id: str, status: RunStatus, error: ErrorInfo | None) -> None:
        reason = f": {error.code} {error.message}" if error else ""
        task = f" in task {error.task!r}" if error and error.task else ""
        super().__init__(f"run {run_id} {status.value.replace('_', ' ')}{task}{reason}")
        self.run_id = run_id
        self.status = status
        #: Why, where there is a reason.
        self.error = error


def _text(problem: Problem) -> str:
    """What is wrong, where, and what to do about it."""
    entry = CODES.get(problem.code)
    advice = entry.advice if entry else ""
    title = problem.title.rstrip(".")
    if problem.errors:
        # The detail repeats the first of them.
        places = [f"{fault.pointer or '/'}: {fault.message}" for fault in problem.errors]
        return "\n  ".join([f"{title}:", *places]) + (f"\n{advice}" if advice else "")
    return f"{title}. {problem.detail}" if problem.detail == advice else f"{title}: {problem.detail}"
