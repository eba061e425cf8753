"""Who uses a service."""

from typing import Protocol


class Caller(Protocol):
    """An attempt, as far as services need to know it."""

    @property
    def namespace(self) -> str:
        """The tenant, whose keys and files these are."""

    @property
    def idempotency_key(self) -> str:
        """The same over all attempts of a task."""

    @property
    def traceparent(self) -> str | None:
        """W3C trace context of the run."""
