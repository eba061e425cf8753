"""What a slice of a program is given, as the frames of its worker process."""

import hashlib
import secrets
from collections.abc import Sequence
from typing import NamedTuple

import orjson

from gnatwork_blocks.context import BlockContext
from gnatwork_blocks.errors import BlockError
from gnatwork_programs.outcomes import Heard
from gnatwork_programs.ports import MOST
from gnatwork_schemas.control_block import Script
from gnatwork_schemas.implicit import Slice

#: Characters of a slice's log, and of a line of it.
_TOLD, _LINE = 32 * 1024, 2000


class Place(NamedTuple):
    """Where a program goes on: at its beginning, unless there is a snapshot."""

    #: Of its templates.
    mark: str
    #: How many outcomes it knows of.
    heard: int = 0
    #: Bytes of those.
    size: int = 0
    #: What it is to go on from: in Python all that is needed, in JavaScript the name of it.
    snapshot: str | None = None


def request_frame(script: Script, config: Slice, place: Place, seconds: float) -> bytes:
    """What is to be run; see `javascript.slices` for the form."""
    return orjson.dumps(
        {
            "program": script.source,
            "function": config.function,
            "mark": place.mark,
            "known": [(step.digest, step.name) for step in config.steps],
            "first": config.first,
            "room": config.room,
            "timeout": seconds,
            "keep": secrets.token_hex(16),
            "resume": place.snapshot,
        }
    )


def values_frame(ctx: BlockContext, config: Slice, heard: Sequence[Heard], place: Place) -> bytes:
    """What the program is told; `heard` are the outcomes that it does not know of, in order.

    Raises:
        BlockError: `script.too_large`, the arguments are.
    """
    try:
        given = orjson.dumps(config.args)
    except TypeError as error:
        raise BlockError("script.too_large", "What the program is called with is nested too deep.") from error
    if len(given) > MOST:
        raise BlockError("script.too_large", f"What the program is called with has more than {MOST:,} bytes of JSON.")
    block = ctx.task.rpartition(":")[0]
    return orjson.dumps(
        {
            "args": orjson.Fragment(given),
            "info": {
                "run_id": ctx.run_id,
                "namespace": ctx.namespace,
                "workflow": ctx.workflow,
                "block": block,
            },
            "began": int(config.began_at * 1000),
            "seed": _seed(ctx.run_id, block, config),
            "known": len(config.steps),
            "seen": config.seen,
            "seen_before": place.heard,
            "first": config.first,
            "room": config.room,
            "told": _TOLD,
            "line": _LINE,
            "mark": place.mark,
            "snapshot": place.snapshot,
            "outcomes": [
                (number, int(outcome.at * 1000), outcome.failed, orjson.Fragment(outcome.text))
                for number, outcome in heard
            ],
        }
    )


def _seed(run_id: str, block: str, config: Slice) -> str:
    """What the program's chance begins with: a number of 64 bits, the same each time that this state is run.

    A state that was entered again, perhaps without a step in between, is told from the one before by when that was.
    """
    text = f"{run_id}/{block}/{config.function}/{config.first}/{config.began_at}"
    return str(int.from_bytes(hashlib.sha256(text.encode()).digest()[:8]))
