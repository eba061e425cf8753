"""What went wrong in an attempt, as data."""

from typing import Any

from pydantic import Field

from gnatwork_schemas.model import Model

#: Dotted lower case, e.g. `http.status`.
ERROR_CODE_PATTERN = r"^[a-z0-9_-]+(\.[a-z0-9_-]+)*$"


class ErrorInfo(Model):
    """An error as messages, statuses and the API carry it. Its code has a page in `docs/reference/errors/`."""

    #: Dotted lower case, e.g. `http.status`.
    code: str = Field(pattern=ERROR_CODE_PATTERN)
    #: One sentence that is safe to show to a user.
    message: str
    #: Whether another attempt may succeed.
    retryable: bool = False
    #: Seconds to wait at least before the next attempt, when the other side asked for it.
    retry_after: float | None = Field(default=None, ge=0)
    #: More about it, e.g. the HTTP status.
    details: dict[str, Any] | None = None
    #: The task that failed, where the error is a run's.
    task: str | None = None
