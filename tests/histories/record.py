"""Records the histories anew, from real runs: `PYTHONPATH=tests python -m histories.record [name …]`.

To be done for a new construct. A recorded history is never changed: it stands for the runs that users have under way.
"""

import asyncio
import re
import sys
import tempfile
from pathlib import Path

import orjson
from support.installation import up

from gnatwork import Client
from gnatwork.errors import RunError
from gnatwork_bus.connection import Connection
from gnatwork_bus.history import History as Stream
from gnatwork_bus.kv import Bucket
from gnatwork_bus.reconcile import reconcile
from gnatwork_schemas import subjects
from gnatwork_schemas.messages import Start
from histories.constructs import CONSTRUCTS, Construct
from histories.history import FOLDER, replay

#: Names the machine that it was recorded on.
_HOST = re.compile(rb'"executor":"[^"]*"')


async def record(client: Client, nats: Connection, construct: Construct) -> bytes:
    """Run it to its end and keep what was stored of it."""
    run = await client.start({"name": "recorded", **construct.definition}, input=construct.input)
    if construct.cancel:
        await run.cancel("enough")
    try:
        await run.result(30)
    except RunError as ended:
        print(f"  {ended}")  # noqa: T201 - a command
    stream = Stream(nats, await reconcile(nats))
    messages = [
        message._replace(data=_HOST.sub(b'"executor":"recorded"', message.data))
        for message in await stream.load_run("default", run.run_id)
    ]
    start = Start.model_validate_json(messages[0].data)
    stored = await Bucket(nats, subjects.STATE_BUCKET).get(subjects.control_block_key(start.control_block))
    assert stored
    history = replay(orjson.loads(stored.value), messages)
    return orjson.dumps(history.model_dump(mode="json"), option=orjson.OPT_INDENT_2) + b"\n"


async def main(names: list[str]) -> None:
    """Record those that are named, or those that are missing."""
    wanted = names or [name for name in CONSTRUCTS if not (FOLDER / f"{name}.json").exists()]
    with tempfile.TemporaryDirectory() as folder:
        async with (
            up(Path(folder)) as installation,
            installation.client() as client,
            Connection.open(installation.addresses["nats"], name="recorder") as nats,
        ):
            for name in wanted:
                print(name)  # noqa: T201 - a command
                (FOLDER / f"{name}.json").write_bytes(await record(client, nats, CONSTRUCTS[name]))


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1:]))
