"""Events start runs: said with the command line, or with the client, filtered by a real executor."""

import json
from pathlib import Path

from support.installation import Installation

from gnatwork import Client

_ORDERS = {
    "name": "heard-orders",
    "blocks": [{"id": "note", "type": "noop", "config": "{{ input.total }} by {{ trigger.type }}"}],
    "triggers": [
        {
            "id": "large",
            "type": "event",
            "subject": "acceptance.orders.*",
            "filter": "event.total > 50 && trigger.subject === 'acceptance.orders.created'",
        }
    ],
}


async def test_an_event_starts_a_run_unless_its_filter_says_otherwise(
    installation: Installation, client: Client, tmp_path: Path
) -> None:
    file = tmp_path / "orders.json"
    file.write_text(json.dumps(_ORDERS))
    assert (await installation.gnatwork("workflow", "apply", str(file))).code == 0
    command = ("event", "publish", "acceptance.orders.created", "--id", "order-1", "--data")
    small = await installation.gnatwork(*command, '{"total": 20}', "-o", "json")
    assert (small.code, small.document) == (0, [])
    large = await installation.gnatwork(*command, '{"total": 80}', "-o", "json")
    assert large.code == 0, large.err
    (begun,) = large.document
    assert (begun["workflow"], begun["trigger"]) == ("heard-orders", "large")
    assert await client.run(begun["run_id"]).result(60) == {"note": "80 by event"}
    (again,) = await client.publish_event("acceptance.orders.created", {"total": 80}, id="order-1")
    assert again.run.run_id == begun["run_id"]
    assert await client.publish_event("acceptance.orders.changed", {"total": 80}) == []
