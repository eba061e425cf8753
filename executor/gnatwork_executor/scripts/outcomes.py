"""What came of the steps that a program has taken, read from the run's history."""

import asyncio
from collections.abc import Sequence
from typing import NamedTuple

import orjson

from gnatwork_blocks.context import BlockContext
from gnatwork_blocks.errors import BlockError
from gnatwork_blocks.program_steps import DELAY
from gnatwork_bus.message import StoredMessage
from gnatwork_bus.patience import until_available
from gnatwork_executor.implicit.values import invalid, reference_of, value_of
from gnatwork_executor.ports import Ports
from gnatwork_executor.scripts.least_recent import LeastRecent
from gnatwork_schemas.errors import PayloadError
from gnatwork_schemas.implicit import PastStep
from gnatwork_schemas.subjects import history_base, split_history

#: Events that are asked for at once.
_WINDOW = 256
#: Bytes of outcomes that are kept at hand.
_KEPT = 32 * 1024 * 1024
#: Bytes that an outcome takes beside its JSON.
_AROUND = 300
#: Bytes of all outcomes of a state that a program is given.
MOST = 16 * 1024 * 1024


class Outcome(NamedTuple):
    """What came of a step."""

    #: When it was stored, Unix seconds.
    at: float
    failed: bool
    #: JSON: the value, or the error.
    text: bytes


class Heard(NamedTuple):
    """An outcome, and which of the steps it is of."""

    number: int
    outcome: Outcome


#: A step of which something came: its place in the order in which the program hears of that, its number, and the
#: sequence of the event that says what came of it. A plain tuple, for each slice makes one of each step.
Settled = tuple[int, int, int]


def settled(steps: Sequence[PastStep]) -> list[Settled]:
    """The steps of which something came, in the order in which the program hears of it."""
    return sorted((step.order or 0, number, step.sequence) for number, step in enumerate(steps) if step.sequence)


class Outcomes:
    """Reads outcomes, those that were read lately from memory: a program that runs again asks for all of them."""

    def __init__(self, world: Ports) -> None:
        self._world = world
        self._kept: LeastRecent[tuple[str, int, bool], Outcome] = LeastRecent(_KEPT)

    async def read(
        self, ctx: BlockContext, steps: Sequence[PastStep], wanted: Sequence[Settled], size: int
    ) -> tuple[list[Heard], int]:
        """What came of those of the steps that are wanted, and how many bytes it is together with `size` of others.

        Raises:
            BlockError: `script.too_large`, it is too much; `message.invalid`.
            PayloadError: A value is gone.
        """
        found: list[Heard] = []
        for first in range(0, len(wanted), _WINDOW):
            some = wanted[first : first + _WINDOW]
            outcomes = await asyncio.gather(
                *(self._outcome(ctx, sequence, delay=steps[number].name == DELAY) for _, number, sequence in some)
            )
            found += [Heard(number, outcome) for (_, number, _), outcome in zip(some, outcomes, strict=True)]
            size += sum(len(outcome.text) for outcome in outcomes)
            if size > MOST:
                raise BlockError(
                    "script.too_large",
                    f"What the program's steps have yielded has more than {MOST:,} bytes of JSON together, more than it"
                    " can hold; let steps yield less, or go over to another state with `transition`, which forgets it.",
                )
        return found, size

    async def _outcome(self, ctx: BlockContext, sequence: int, *, delay: bool) -> Outcome:
        key = (ctx.run_id, sequence, delay)
        if (found := self._kept.get(key)) is None:
            found = await self._read(ctx, sequence, delay=delay)
            self._kept.put(key, found, len(found.text) + _AROUND)
        return found

    async def _read(self, ctx: BlockContext, sequence: int, *, delay: bool) -> Outcome:
        world = self._world
        event = await until_available(lambda: world.history.by_sequence(sequence))
        if event is None:
            raise PayloadError(f"event {sequence} of run {ctx.run_id}, what came of a step, is gone")
        base = history_base(world.history.shard(ctx.run_id), ctx.namespace, ctx.workflow, ctx.run_id)
        if not event.subject.startswith(f"{base}."):
            raise invalid(f"Event {sequence}, what came of a step, is not of run {ctx.run_id}.")
        if delay and not _is_error(event):
            # One of no time is over with the event that begins it, whatever that is: a slice's output, a resume.
            return Outcome(event.at, False, b"null")
        value = value_of(event)
        if _is_error(event):
            return Outcome(event.at, True, orjson.dumps(value["error"]))
        if (reference := reference_of(value, sequence)) is None:
            return Outcome(event.at, False, orjson.dumps(value))
        if reference.size > MOST:
            return Outcome(event.at, False, b" " * (MOST + 1))
        text = await until_available(lambda: world.payloads.get(ctx.namespace, ctx.run_id, reference))
        return Outcome(event.at, False, text)


def _is_error(event: StoredMessage) -> bool:
    kind = split_history(event.subject)[1].split(".")
    return kind[0] == "child" or (kind[0] == "block" and kind[-1] == "error")
