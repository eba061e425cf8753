"""The exceptions of blocks.

BlockError                          what a block raises when an attempt fails (also from worker processes)
GnatworkError
├── UnknownBlockTypeError           nothing installed provides a block type
├── BlockLoadError                  an installed block can't be used
└── ScriptWorkerError               a process for scripts died, or can't be had
"""

from typing import Any

from gnatwork_schemas.error import ErrorInfo
from gnatwork_schemas.errors import GnatworkError


class BlockError(Exception):
    """An attempt failed in a way that the block foresaw.

    Args:
        code: Dotted lower case, e.g. `http.status`; blocks of your own choose codes of their own.
        message: One sentence that is safe to show to a user: no secrets, no internal addresses.
        retryable: Whether another attempt may succeed.
        retry_after: Seconds to wait at least before the next attempt, when the other side asked for it.
        details: More about it, as JSON.

    Raises:
        ValueError: The code is not dotted lower case, or `retry_after` is negative.
    """

    def __init__(
        self,
        code: str,
        message: str,
        *,
        retryable: bool = False,
        retry_after: float | None = None,
        details: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(f"{code}: {message}")
        #: The error as messages carry it.
        self.info = ErrorInfo(code=code, message=message, retryable=retryable, retry_after=retry_after, details=details)
        self.code = code
        self.message = message
        self.retryable = retryable
        self.retry_after = retry_after
        self.details = details

    def __reduce__(self) -> tuple[Any, ...]:
        # A subclass comes out of a worker process as a plain BlockError: its constructor may take anything.
        return _restore, (self.code, self.message, self.retryable, self.retry_after, self.details)


def _restore(
    code: str, message: str, retryable: bool, retry_after: float | None, details: dict[str, Any] | None
) -> BlockError:
    return BlockError(code, message, retryable=retryable, retry_after=retry_after, details=details)


class UnknownBlockTypeError(GnatworkError):
    """No installed package provides this block type; correct the spelling, or install the one that does."""

    code = "block.unknown_type"


class BlockLoadError(GnatworkError):
    """An installed block can't be used; mend or remove the package that provides it."""


class ScriptWorkerError(GnatworkError):
    """The script's process died; it was killed, perhaps for want of memory, or crashed."""
