"""What an endpoint adds to the entry that is written about its call."""

from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any


@dataclass(slots=True)
class Notes:
    """What is not to be seen from outside."""

    #: What the call was about, where the path does not say.
    target: str = ""
    details: dict[str, Any] = field(default_factory=dict)


#: Those about the request that is being answered; None where it is not written down.
notes: ContextVar[Notes | None] = ContextVar("notes", default=None)


def note(*, target: str | None = None, **details: Any) -> None:
    """Add to the entry about this request: small things, and never a secret."""
    if (found := notes.get()) is not None:
        found.target = found.target if target is None else target
        found.details |= details
