"""What went wrong, in words for the run's owner. The rest is for the log."""

import logging
from collections.abc import Collection

from pydantic import ValidationError

from gnatwork_blocks.errors import BlockError
from gnatwork_schemas.error import ErrorInfo
from gnatwork_schemas.errors import GnatworkError
from gnatwork_schemas.messages import Work

log = logging.getLogger(__name__)


def unforeseen(work: Work, error: BaseException) -> BlockError:
    """A block raised what it does not declare.

    Worth another attempt where the workflow asks for one: a database that went away for a moment also looks like
    this. The text of the exception may hold anything, secrets too, so it stays in the log.
    """
    log.error("%s of run %s raised", work.task, work.run_id, exc_info=error)
    name = type(error).__name__
    return BlockError("block.failed", f"The block raised {name}; the executor's log has the trace.", retryable=True)


def timed_out(work: Work) -> ErrorInfo:
    """The attempt took too long."""
    return ErrorInfo(
        code="block.timeout", message=f"The attempt took longer than its timeout of {work.timeout:g} s.", retryable=True
    )


def blocked_loop() -> ErrorInfo:
    """The block held up all others of its process."""
    return ErrorInfo(
        code="block.blocked_loop",
        message="The block kept its executor's event loop from turning; the executor's log says where it was.",
    )


def lost(deliveries: int) -> ErrorInfo:
    """Executors keep vanishing while they run this."""
    return ErrorInfo(
        code="executor.lost",
        message=f"The work was handed to an executor {deliveries} times without an outcome; it is given up. "
        "The executors' logs may say why.",
    )


def claimed_before() -> BlockError:
    """Another executor took an attempt that may not run twice."""
    return BlockError(
        "executor.lost",
        "An executor vanished, or was stopped, while it ran this attempt, and the block may not run twice.",
    )


def describe(work: Work, error: Exception, retryable: Collection[str] = ()) -> ErrorInfo:
    """The error as history tells it; codes that are `retryable` are so whatever the block said when it raised one."""
    if isinstance(error, BlockError):
        return error.info.model_copy(update={"retryable": True}) if error.code in retryable else error.info
    if isinstance(error, GnatworkError):
        try:
            return ErrorInfo(code=error.code, message=str(error))
        except ValidationError:
            pass
    log.error("%s of run %s could not be run", work.task, work.run_id, exc_info=error)
    return ErrorInfo(
        code="internal.error", message="Something in the executor went wrong; its log has the trace.", retryable=True
    )
