"""Workflows with triggers, on a manager under test."""

from collections.abc import Callable
from typing import Any

import httpx

from gnatwork_schemas.messages import Start
from gnatwork_schemas.triggers import TriggerState
from support.managing import Bench, start_of, until

#: What a test need not say of a workflow.
BLOCKS = [{"id": "say", "type": "noop", "config": {"text": "{{ input ?? null }}"}}]
ANSWER = [{"id": "answer", "type": "response", "config": {"status": 201}}]


def webhook(**fields: Any) -> dict[str, Any]:
    """A webhook, of the path `/orders` unless said otherwise."""
    return {"id": "hook", "type": "webhook", "path": "/orders", **fields}


async def put_workflow(bench: Bench, *triggers: dict[str, Any], name: str = "shop", **fields: Any) -> None:
    """Store a workflow with these triggers, and publish it."""
    reply = await bench.http.put(f"/workflows/{name}", json={"blocks": BLOCKS, "triggers": triggers, **fields})
    assert reply.status_code in (200, 201), reply.text


def hooks_of(bench: Bench) -> httpx.AsyncClient:
    """Someone outside: a client without a token, at `/hooks`."""
    return httpx.AsyncClient(base_url=f"{bench.address.url}/hooks", timeout=30)


async def trigger_of(bench: Bench, id_: str = "hook", name: str = "shop") -> dict[str, Any]:
    """A trigger as the API shows it."""
    reply = await bench.http.get(f"/workflows/{name}/triggers/{id_}")
    assert reply.status_code == 200, reply.text
    document: dict[str, Any] = reply.json()
    return document


async def start_of_run(bench: Bench, run_id: str) -> Start:
    """The start of a run, from the wire."""
    return start_of(await bench.events(run_id))


async def state_once(
    bench: Bench, holds: Callable[[TriggerState], object], id_: str = "hook", name: str = "shop"
) -> TriggerState:
    """The state of a trigger once this holds for it: managers gather what happens for a second."""

    async def look() -> TriggerState | None:
        state = TriggerState.model_validate((await trigger_of(bench, id_, name))["state"])
        return state if holds(state) else None

    found = await until(look, patience=30)
    assert found
    return found
