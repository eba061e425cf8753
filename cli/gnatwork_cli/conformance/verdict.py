"""What may come of a check."""

from enum import StrEnum


class Unmet(Exception):  # noqa: N818 - what is not met is a promise, nothing has gone wrong here
    """The executor does not do what the protocol asks for; the text says what it did instead."""


class Inapplicable(Exception):  # noqa: N818 - no error either
    """The check can't be made; the text says why."""


class Verdict(StrEnum):
    """What came of a check."""

    PASSED = "passed"
    FAILED = "failed"
    SKIPPED = "skipped"
