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


class Outcomes:
    """Reads outcomes, those that were read lately from memory: each slice of a program asks for those of the last."""

    def __init__(self, world: Ports) -> None:
        self._world = world
        self._kept: LeastRecent[tuple[str, int], Outcome] = LeastRecent(_KEPT)

    async def read(self, ctx: BlockContext, steps: Sequence[PastStep]) -> list[Heard]:
        """What is known of some steps, in the order in which the program hears of it.

        Raises:
            BlockError: `script.too_large`, they are too large together; `message.invalid`.
            PayloadError: A value is gone.
        """
        settled = [(step.order or 0, number, step.sequence) for number, step in enumerate(steps) if step.sequence]
        settled.sort()
        found: dict[int, Outcome] = {}
        missing: list[int] = []
        for _, _, sequence in settled:
            if (known := self._kept.get((ctx.run_id, sequence))) is None:
                missing.append(sequence)
            else:
                found[sequence] = known
        size = sum(len(outcome.text) for outcome in found.values())
        for first in range(0, len(missing), _WINDOW):
            some = missing[first : first + _WINDOW]
            for sequence, outcome in zip(
                some, await asyncio.gather(*(self._read(ctx, sequence) for sequence in some)), strict=True
            ):
                found[sequence] = outcome
                size += len(outcome.text)
                self._kept.put((ctx.run_id, sequence), outcome, len(outcome.text) + _AROUND)
            if size > MOST:
                break
        if size > MOST:
            raise BlockError(
                "script.too_large",
                f"What the program's steps have yielded has more than {MOST:,} bytes of JSON together, more than it can"
                " hold; let steps yield less, or go over to another state with `transition`, which forgets it.",
            )
        return [
            Heard(number, _of_delay(found[sequence]) if steps[number].name == DELAY else found[sequence])
            for _, number, sequence in settled
        ]

    async def _read(self, ctx: BlockContext, sequence: int) -> Outcome:
        world = self._world
        event = await until_available(lambda: world.history.by_sequence(sequence))
        if event is None:
            raise PayloadError(f"event {sequence} of run {ctx.run_id}, what came of a step, is gone")
        base = history_base(world.history.shard(ctx.run_id), ctx.namespace, ctx.workflow, ctx.run_id)
        if not event.subject.startswith(f"{base}."):
            raise invalid(f"Event {sequence}, what came of a step, is not of run {ctx.run_id}.")
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


def _of_delay(outcome: Outcome) -> Outcome:
    """A delay yields null, whatever the event."""
    return outcome if outcome.failed else Outcome(outcome.at, False, b"null")
