"""What came of the steps that a program has taken, read from the run's history."""

import orjson

from gnatwork_blocks.context import BlockContext
from gnatwork_bus.message import StoredMessage
from gnatwork_bus.patience import until_available
from gnatwork_executor.implicit.values import invalid, reference_of, value_of
from gnatwork_executor.ports import Ports
from gnatwork_programs.least_recent import LeastRecent
from gnatwork_programs.ports import MOST, Outcome
from gnatwork_schemas.errors import PayloadError
from gnatwork_schemas.subjects import history_base, split_history

#: Bytes of outcomes that are kept at hand.
_KEPT = 32 * 1024 * 1024
#: Bytes that an outcome takes beside its JSON.
_AROUND = 300


class StoredOutcomes:
    """Reads outcomes, those that were read lately from memory: a program that runs again asks for all of them."""

    def __init__(self, world: Ports) -> None:
        self._world = world
        self._kept: LeastRecent[tuple[str, int, bool], Outcome] = LeastRecent(_KEPT)

    async def get(self, ctx: BlockContext, sequence: int, *, delay: bool) -> Outcome:
        """What the event of the run with this sequence says; of what is larger than `MOST`, only that it is.

        Raises:
            BlockError: `message.invalid`, the event settles no task of the run.
            PayloadError: The value is gone.
        """
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
