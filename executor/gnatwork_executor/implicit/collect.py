"""`collect`: gathers the results of a loop or group from the run's history, in order."""

import asyncio
from collections.abc import Iterator
from typing import Any

import orjson

from gnatwork_blocks.context import BlockContext
from gnatwork_blocks.errors import BlockError
from gnatwork_bus.message import StoredMessage
from gnatwork_bus.patience import until_available
from gnatwork_executor.implicit.base import ImplicitBlock
from gnatwork_executor.implicit.values import invalid
from gnatwork_schemas import implicit
from gnatwork_schemas.errors import PayloadError, PayloadTooLargeError
from gnatwork_schemas.payload import MAX_PAYLOAD
from gnatwork_schemas.subjects import history_base

#: Events that are asked for at once.
_WINDOW = 256

_NULL = orjson.Fragment(b"null")


class Collect(ImplicitBlock):
    """`Collect` to the array, or object, of the values."""

    type = implicit.COLLECT
    title = "Collect"
    summary = "Gathers the results of a loop or group."
    Config = implicit.Collect
    places = 4

    async def perform(self, ctx: BlockContext, config: implicit.Collect) -> Any:
        """Read the results.

        Raises:
            BlockError: `payload.too_large`, when they are too large together, or `message.invalid`.
            PayloadError: A result is gone.
        """
        wanted = list(dict.fromkeys(_sequences(config.results)))
        values: dict[int, orjson.Fragment] = {}
        room = MAX_PAYLOAD
        for first in range(0, len(wanted), _WINDOW):
            some = wanted[first : first + _WINDOW]
            events = await asyncio.gather(*(self._event(sequence) for sequence in some))
            for sequence, event in zip(some, events, strict=True):
                text = await self._text(ctx, sequence, event, room)
                values[sequence] = orjson.Fragment(text)
                room -= len(text)
            ctx.progress((first + len(some)) / len(wanted), f"{first + len(some)} of {len(wanted)} results")
        result = orjson.dumps(_filled(config.results, values))
        if len(result) > MAX_PAYLOAD:
            raise _too_large()
        return orjson.Fragment(result)

    async def _text(self, ctx: BlockContext, sequence: int, event: StoredMessage | None, room: int) -> bytes:
        """The JSON of the value of an event, at most so many bytes."""
        if event is None:
            raise PayloadError(f"event {sequence} of run {ctx.run_id}, a result, is gone")
        base = history_base(self.world.history.shard(ctx.run_id), ctx.namespace, ctx.workflow, ctx.run_id)
        if not event.subject.startswith(f"{base}."):
            raise invalid(f"Event {sequence}, a result, is not of run {ctx.run_id}.")
        try:
            text = await self.yielded(ctx.namespace, ctx.run_id, event, room)
        except PayloadTooLargeError:
            raise _too_large() from None
        if len(text) > room:
            raise _too_large()
        return text

    async def _event(self, sequence: int) -> StoredMessage | None:
        return await until_available(lambda: self.world.history.by_sequence(sequence))


def _sequences(result: Any) -> Iterator[int]:
    """All sequences in a result, in order; BlockError for what is no result."""
    match result:
        case None:
            return
        case int() if not isinstance(result, bool):
            yield result
        case dict():
            for inner in result.values():
                yield from _sequences(inner)
        case list():
            for inner in result:
                yield from _sequences(inner)
        case _:
            raise invalid(f"A {type(result).__name__} is no result.")


def _filled(result: Any, values: dict[int, orjson.Fragment]) -> Any:
    """The result with the values in the places of their sequences."""
    match result:
        case int():
            return values[result]
        case dict():
            return {key: _filled(inner, values) for key, inner in result.items()}
        case list():
            return [_filled(inner, values) for inner in result]
    return _NULL


def _too_large() -> BlockError:
    return BlockError(
        "payload.too_large",
        f"The results have more than {MAX_PAYLOAD} bytes together; let the iterations yield less, such as the addresses"
        " of what they store elsewhere.",
    )
