"""Tasks that executors do: attempt after attempt."""

from typing import NamedTuple

from gnatwork_schemas.control_block import ControlledBlock
from gnatwork_schemas.definition import Retry
from gnatwork_schemas.error import ErrorInfo
from gnatwork_schemas.messages import Output
from simulation.reference.facts import NEVER, Facts
from simulation.reference.fate import CANCELLED, COMPLETED, FAILED, GIVEN_UP, OPEN, Fate, Log

#: How the engine tries its own steps again.
_STEP_RETRY = Retry(max_attempts=20)


class Work(NamedTuple):
    """What is to be done."""

    path: str
    retry: Retry
    #: Whether few of its type may run at once.
    limited: bool = False
    #: What becomes of it when its scope begins to fail while it waits for its next attempt.
    dropped: str = GIVEN_UP

    @classmethod
    def of(cls, block: ControlledBlock, path: str, *, reused: bool = False) -> "Work":
        """The work of a block."""
        limited = block.type_concurrency is not None and not reused
        return cls(path, block.retry, limited)


def step(path: str) -> Work:
    """A step that the engine adds to a block."""
    return Work(path, _STEP_RETRY, dropped=CANCELLED)


def asked(block: ControlledBlock, path: str) -> Work:
    """The condition of a loop."""
    return Work.of(block, path)._replace(dropped=CANCELLED)


def begin(facts: Facts, work: Work, due: float, doom: float, log: Log) -> Fate:  # noqa: C901 - one thing after the other
    """What becomes of work that is due at a moment, in a scope that fails from another one on.

    The error of what failed is its own; whether its block goes on all the same is not asked.
    """
    at = facts.hold(due)
    path, number = work.path, 1
    while (path, number) in log.dispatched:
        # A child run that is tried again counts on.
        number += 1
    if doom <= due or doom < at:
        return Fate(max(due, doom), CANCELLED)
    while True:
        if work.limited:
            at = facts.granted("type", at, path, number)
        if doom < at:
            return Fate(doom, CANCELLED)
        found = facts.outcome(path, number, at) if at != NEVER else None
        if at != NEVER:
            log.dispatched[path, number] = at
        if found is None:
            return OPEN
        at, outcome = found
        if isinstance(outcome, Output):
            return Fate(at, COMPLETED, value=outcome.output)
        if not is_retried(work.retry, outcome.error, number) or doom < at:
            return Fate(at, FAILED, error=outcome.error)
        again = facts.hold(facts.fired(f"retry-{path}-{number + 1}", at))
        if doom < again:
            return Fate(doom, work.dropped, error=outcome.error)
        at, number = again, number + 1


def is_retried(retry: Retry, error: ErrorInfo, number: int) -> bool:
    """Whether an attempt that failed so is followed by another one."""
    if not error.retryable or number >= retry.max_attempts:
        return False
    return (retry.on is None or error.code in retry.on) and (retry.not_on is None or error.code not in retry.not_on)
