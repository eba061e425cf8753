"""What came of the steps that a program has taken, in the order in which it hears of it."""

import asyncio
from collections.abc import Sequence
from typing import NamedTuple

from gnatwork_blocks.context import BlockContext
from gnatwork_blocks.errors import BlockError
from gnatwork_blocks.program_steps import DELAY
from gnatwork_programs.ports import MOST, Outcome, Outcomes
from gnatwork_schemas.implicit import PastStep

#: Events that are asked for at once.
_WINDOW = 256


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


async def hear(
    outcomes: Outcomes, ctx: BlockContext, steps: Sequence[PastStep], wanted: Sequence[Settled], size: int
) -> tuple[list[Heard], int]:
    """What came of those of the steps that are wanted, and how many bytes it is together with `size` of others.

    Raises:
        BlockError: `script.too_large`, it is too much; `message.invalid`.
        PayloadError: A value is gone.
    """
    found: list[Heard] = []
    for first in range(0, len(wanted), _WINDOW):
        some = wanted[first : first + _WINDOW]
        came = await asyncio.gather(
            *(outcomes.get(ctx, sequence, delay=steps[number].name == DELAY) for _, number, sequence in some)
        )
        found += [Heard(number, outcome) for (_, number, _), outcome in zip(some, came, strict=True)]
        size += sum(len(outcome.text) for outcome in came)
        if size > MOST:
            raise BlockError(
                "script.too_large",
                f"What the program's steps have yielded has more than {MOST:,} bytes of JSON together, more than it"
                " can hold; let steps yield less, or go over to another state with `transition`, which forgets it.",
            )
    return found, size
