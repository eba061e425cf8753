"""Every answer is as the OpenAPI document of the running manager says, whatever is asked."""

import asyncio
from pathlib import Path
from typing import Any

from support.managing import TOKEN, open_bench
from support.openapi import examine

from gnatwork_bus.connection import Connection
from gnatwork_manager.connections.sealing import SecretKeys, generate_key

#: Random requests for each operation, beside those that follow from its schema.
_EXAMPLES = 6


async def test_every_operation_answers_as_it_is_described(
    bus: Connection, nats_url: str, tmp_path: Path, catalogue: None, linear: dict[str, Any]
) -> None:
    trigger = {"id": "daily", "type": "schedule", "cron": "@daily"}
    async with open_bench(bus, nats_url, tmp_path, secret_keys=SecretKeys.parse(generate_key())) as bench:
        stored = await bench.http.put("/workflows/named", json={**linear, "triggers": [trigger]})
        assert stored.status_code == 201, stored.text
        document = (await bench.http.get(f"{bench.address.url}/openapi.json")).json()
        examination = await asyncio.to_thread(examine, bench.address.url, TOKEN, examples=_EXAMPLES)
    kinds = {(finding.operation, finding.check, finding.answer[:3]): finding for finding in examination.findings}
    assert not kinds, "\n\n".join(map(str, kinds.values()))
    operations = [f"{method.upper()} {path}" for path, item in document["paths"].items() for method in item]
    streams = {name for name in operations if name.startswith("GET") and name.endswith(("/events", "/follow"))}
    assert examination.requests.keys() == set(operations) - streams
    assert all(examination.requests.values())
