"""What slices need of whoever runs them: under NATS that lies in buckets and streams, in a local run in memory."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

from gnatwork_blocks.context import BlockContext
from gnatwork_engine.json_tree import Path
from gnatwork_schemas.catalogue import BlockType
from gnatwork_schemas.control_block import Script

#: Bytes of JSON up to which a value is carried as it is where the scheduler has to read it.
INLINE = 2048
#: Bytes of all outcomes of a state that a program is given.
MOST = 16 * 1024 * 1024


class Outcome(NamedTuple):
    """What came of a step."""

    #: When it was stored, Unix seconds.
    at: float
    failed: bool
    #: JSON: the value, or the error.
    text: bytes


class Scripts(Protocol):
    """The programs of control blocks."""

    async def get(self, digest: str, path: str) -> Script:
        """The program of a block, by the digest of the control block and the path of ids in it.

        Raises:
            BlockError: `workflow.not_found`, the control block is gone; `message.invalid`, it has no such block.
        """


class Types(Protocol):
    """Block types, as far as programs ask for them; they may ask for anything."""

    async def get(self, type_: str) -> BlockType | None:
        """The entry of a type, None when there is none."""


class Outcomes(Protocol):
    """What came of steps, by the event that says so."""

    async def get(self, ctx: BlockContext, sequence: int, *, delay: bool) -> Outcome:
        """What the event of the run with this sequence says; more than `MOST` bytes need not be the real ones.

        A delay yields null, whatever the event is, unless that is an error.

        Raises:
            BlockError: `message.invalid`, the event settles no task of the run.
            PayloadError: The value is gone.
        """


class Carrier(Protocol):
    """Makes values fit for the output of a slice, which the scheduler has to read."""

    async def value(self, text: bytes, name: str) -> Any:
        """A JSON text as a value, or as a reference to it, which it has to be if it looks like one.

        Raises:
            PayloadTooLargeError: It is larger than can be carried.
        """

    async def config(
        self, config: Any, deferred: tuple[Path, ...], number: int, what: str
    ) -> tuple[Any, tuple[str, ...]]:
        """The config of a step, whose number this is, and the pointers to its deferred leaves.

        Args:
            config: Any JSON, with deferred leaves at the places that `deferred` has.
            deferred: Those are kept; there may be more afterwards.
            number: Of the step, within its block.
            what: What the step is called in messages.

        Raises:
            BlockError: `script.too_large`, what holds its templates is too large by itself.
            PayloadTooLargeError: A part is larger than can be carried.
        """


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """All of these, shared by all slices of a process."""

    scripts: Scripts
    types: Types
    outcomes: Outcomes
    #: One for each attempt.
    carrier: Callable[[BlockContext], Carrier]
