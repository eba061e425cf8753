"""Executors of the `logic` blocks evaluate conditions for managers."""

from typing import Any

import orjson
import pytest
from support.executing import hosting

from gnatwork_blocks.builtin.condition import Condition
from gnatwork_blocks.builtin.noop import Noop
from gnatwork_bus.connection import Connection
from gnatwork_schemas import subjects
from gnatwork_schemas.errors import UnavailableError
from gnatwork_schemas.messages import Evaluate, Evaluated


async def ask(bus: Connection, expression: str, **values: Any) -> Evaluated:
    request = Evaluate(expression=expression, values=values).model_dump_json().encode()
    return Evaluated.model_validate_json((await bus.request(subjects.LOGIC_EVALUATE, request, timeout=30)).data)


async def test_whether_a_condition_holds(bus: Connection, nats_url: str) -> None:
    async with hosting(nats_url, Condition):
        assert (await ask(bus, "event.total > 50", event={"total": 80})).holds is True
        assert (await ask(bus, "event.total > 50", event={"total": 20})).holds is False
        failed = await ask(bus, "event.lines.length > 0", event={})
        assert failed.holds is None
        assert failed.error
        assert (failed.error.code, failed.error.retryable) == ("code.error", False)
        endless = await ask(bus, "(() => { for (;;); })()")
        assert endless.error
        assert endless.error.code == "code.timeout"
        broken = await bus.request(subjects.LOGIC_EVALUATE, b'{"v": 2}', timeout=30)
        assert orjson.loads(broken.data)["error"]["code"] == "request.invalid"
    with pytest.raises(UnavailableError):
        await ask(bus, "true")


async def test_who_does_not_host_conditions_is_not_asked(bus: Connection, nats_url: str) -> None:
    async with hosting(nats_url, Noop):
        with pytest.raises(UnavailableError):
            await ask(bus, "true")
