"""Where programs stand, so that a slice goes on from the last one and repeats nothing.

A cache and nothing else: history has all that a program needs to get there again.
"""

import hashlib
from collections.abc import Sequence
from typing import NamedTuple

from gnatwork_blocks.context import BlockContext
from gnatwork_blocks.program_steps import step_digest
from gnatwork_programs.answer import Answer
from gnatwork_programs.given import Place
from gnatwork_programs.least_recent import LeastRecent
from gnatwork_schemas.implicit import PastStep, Slice

#: Bytes of snapshots that are kept at hand.
_KEPT = 32 * 1024 * 1024
#: Bytes that one takes beside itself.
_AROUND = 1000

#: Run, block, and its state: function, number of the first step, and when it was entered.
_Key = tuple[str, str, str, str, int, float]


class _Standing(NamedTuple):
    place: Place
    #: How many steps it has been granted, and the digest of those.
    granted: int
    digest: bytes


class Snapshots:
    """Keeps where each program stands, the latest alone."""

    def __init__(self) -> None:
        self._kept: LeastRecent[_Key, _Standing] = LeastRecent(_KEPT)

    def take(self, ctx: BlockContext, config: Slice, heard: int) -> Place | None:
        """Where the program stands, if it went the way that this slice has it, and has heard of no more.

        Nobody goes on from there again: only from what `put` says.
        """
        found = self._kept.get(_key(ctx, config))
        self._kept.drop(_key(ctx, config))
        if found is None or found.place.heard > heard or found.granted > len(config.steps):
            return None
        return found.place if _digest(config.steps[: found.granted]) == found.digest else None

    def put(self, ctx: BlockContext, config: Slice, answer: Answer, place: Place) -> None:
        """Keep where the program stands after this slice."""
        if place.snapshot is not None:
            asked = [PastStep(step_digest(step.text, place.mark), "") for step in answer.asked]
            steps = [*config.steps, *asked]
            self._kept.put(
                _key(ctx, config), _Standing(place, len(steps), _digest(steps)), len(place.snapshot) + _AROUND
            )


def _key(ctx: BlockContext, config: Slice) -> _Key:
    block = ctx.task.rpartition(":")[0]
    return ctx.run_id, block, config.control_block, config.function, config.first, config.began_at


def _digest(steps: Sequence[PastStep]) -> bytes:
    return hashlib.sha256("\n".join(step.digest for step in steps).encode()).digest()
