"""How far a script is: the state that its program is in, and the steps that it has asked for there."""

from dataclasses import dataclass, field
from typing import Any

from gnatwork_schemas.error import ErrorInfo
from gnatwork_schemas.implicit import Transition

#: A `PastStep` as slices are told of it: a plain tuple, since a long program has many of them in each work item.
Line = tuple[str, str, int | None, int | None]


@dataclass(slots=True)
class ScriptState:
    """A program under way. Of a step that is settled only a line in `past` is left."""

    #: The function that the program runs, and since when, Unix seconds.
    function: str
    began_at: float
    #: Transitions so far; after the first one the program is called with what the last one left.
    transitions: int = 0
    memory: Any = None
    #: The number of the first step of the present state.
    first: int = 0
    #: The steps of the present state, and how many of them are settled.
    past: list[Line] = field(default_factory=list)
    settled: int = 0
    #: Slices begun, of all states together, and whether the last one is under way.
    slices: int = 0
    slicing: bool = False
    #: How many settled steps it knows, and how many the slice before it knew; None where there is none in this state.
    told: int | None = None
    seen: int | None = None
    #: Whether the program asks for more steps as soon as there is room.
    more: bool = False
    #: What comes once nothing is under way any more: the program is done, goes over to another state, or has failed.
    done: bool = False
    output: Any = None
    next: Transition | None = None
    error: ErrorInfo | None = None
    #: Sequence of the event that said so.
    left_at: int = 0
    #: Whether nothing further begins for another reason: what is around it fails.
    given_up: bool = False

    @property
    def leaving(self) -> bool:
        """Whether no further step of the present state begins."""
        return self.done or self.given_up or self.next is not None or self.error is not None

    @property
    def asked(self) -> int:
        """Steps and transitions so far, which `max_steps` bounds."""
        return self.first + len(self.past) + self.transitions

    @property
    def open(self) -> int:
        """Steps that are not settled."""
        return len(self.past) - self.settled
