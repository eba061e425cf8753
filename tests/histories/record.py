"""Records the histories anew, from real runs: `PYTHONPATH=tests python -m histories.record [name …]`.

To be done for a new construct. A recorded history is never changed: it stands for the runs that users have under way.
"""

import asyncio
import re
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import orjson
from support.installation import up
from support.running import ended

from gnatwork import Client
from gnatwork_bus.connection import Connection
from gnatwork_bus.history import History as Stream
from gnatwork_bus.kv import Bucket
from gnatwork_bus.message import StoredMessage
from gnatwork_bus.reconcile import reconcile
from gnatwork_schemas import subjects
from gnatwork_schemas.messages import Start
from histories.constructs import ANNOUNCED, CONSTRUCTS, Construct
from histories.history import FOLDER, replay

#: Names the machine that it was recorded on.
_HOST = re.compile(rb'"executor":"[^"]*"')


async def record(client: Client, nats: Connection, construct: Construct) -> bytes:
    """Run it to its end and keep what was stored of it."""
    for name, definition in construct.stored.items():
        await client.put_workflow(name, definition)
    run = await construct.play(client, {"name": "recorded", **construct.definition}, construct.input)
    how = await ended(run)
    print(f"  {how.status} {how.output} {how.message}")  # noqa: T201 - a command
    stream = Stream(nats, await reconcile(nats))
    messages = [
        message._replace(data=_HOST.sub(b'"executor":"recorded"', message.data))
        for message in until_end(await stream.load_run("default", run.run_id))
    ]
    start = Start.model_validate_json(messages[0].data)
    stored = await Bucket(nats, subjects.STATE_BUCKET).get(subjects.control_block_key(start.control_block))
    assert stored
    history = replay(orjson.loads(stored.value), messages)
    return orjson.dumps(history.model_dump(mode="json"), option=orjson.OPT_INDENT_2) + b"\n"


def until_end(messages: Sequence[StoredMessage]) -> Sequence[StoredMessage]:
    """The events up to the run's end."""
    names = [subjects.parse_history(message.subject).event for message in messages]
    return messages[: next(place for place, name in enumerate(names) if name in subjects.ENDS) + 1]


async def announce(client: Client, nats: Connection, type_: str, **fields: Any) -> None:
    """Say something else of a block type than its executors do, and wait until the manager knows."""
    state = Bucket(nats, subjects.STATE_BUCKET)
    key = subjects.catalogue_key(type_)
    entry = await state.get(key)
    assert entry
    await state.put(key, orjson.dumps({**orjson.loads(entry.value), **fields}))
    while not fields.items() <= next(one for one in await client.blocks() if one.type == type_).model_dump().items():
        pass


async def main(names: list[str]) -> None:
    """Record those that are named, or those that are missing."""
    wanted = names or [name for name in CONSTRUCTS if not (FOLDER / f"{name}.json").exists()]
    with tempfile.TemporaryDirectory() as folder:
        async with (
            up(Path(folder)) as installation,
            installation.client() as client,
            Connection.open(installation.addresses["nats"], name="recorder") as nats,
        ):
            # These last, for what is said of a type concerns all runs with it.
            for name in sorted(wanted, key=lambda name: name in ANNOUNCED):
                if name in ANNOUNCED:
                    type_, fields = ANNOUNCED[name]
                    await announce(client, nats, type_, **fields)
                print(name)  # noqa: T201 - a command
                (FOLDER / f"{name}.json").write_bytes(await record(client, nats, CONSTRUCTS[name]))


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1:]))
