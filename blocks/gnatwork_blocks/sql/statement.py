"""What a task wants of a database, and what it gets."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

#: Values by the names of their places.
Parameters = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement of SQL."""

    text: str
    #: A list runs the statement once for each of its members.
    parameters: Parameters | Sequence[Parameters]


@dataclass(frozen=True, slots=True)
class Query:
    """Statements that belong together."""

    #: With user name and password.
    url: str
    #: Several, or one with a list of parameters, are one transaction.
    statements: tuple[Statement, ...]
    #: Most rows of each.
    max_rows: int
    #: Seconds for everything together.
    timeout: float
