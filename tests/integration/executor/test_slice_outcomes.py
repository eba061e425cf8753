"""What programs hear of their steps, with the engine played by hand."""

import orjson
import pytest
from support.executing import Scheduler, base_of, hosting
from support.slicing import Play

from gnatwork_schemas import subjects

SOURCE = "async function main() { return await sleep(0); }"


@pytest.mark.parametrize(
    "event",
    [subjects.output_event("main:slice-0"), subjects.REQUEST_RESUME, subjects.timer_fired_event("delay-main/0")],
)
async def test_a_delay_is_over_with_any_event(nats_url: str, scheduler: Scheduler, event: str) -> None:
    async with hosting(nats_url, blocks=("code",)):
        play = Play(scheduler, SOURCE)
        play.take(await play.slice())
        body = orjson.dumps({"v": 1, "output": {"steps": []}})
        sequence = await scheduler.history.append(base_of(play.work), event, body)
        play.past[0] = play.past[0]._replace(sequence=sequence, order=0)
        found = await play.slice()
        assert (found.done, found.output) == (True, None)
