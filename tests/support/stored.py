"""Stored workflows over HTTP, for tests: definitions that differ, and what is asked of a manager."""

from collections.abc import Mapping
from typing import Any

import httpx
import orjson

from gnatwork_bus.kv import Bucket
from gnatwork_schemas import subjects
from gnatwork_schemas.workflow import StoredWorkflow
from support.managing import Bench

WEBHOOK = {"id": "hook", "type": "webhook"}


def definition(text: str = "a", **more: Any) -> dict[str, Any]:
    """A workflow that says something."""
    return {"blocks": [{"id": "say", "type": "noop", "config": {"text": text}}], **more}


async def put(
    bench: Bench,
    body: Any,
    name: str = "news",
    *,
    publish: bool = True,
    headers: Mapping[str, str] | None = None,
) -> httpx.Response:
    """Store a definition."""
    params = {} if publish else {"publish": "false"}
    return await bench.http.put(f"/workflows/{name}", json=body, params=params, headers=headers)


async def published(bench: Bench, name: str = "news") -> Any:
    """What the published version says, and which it is."""
    shown = (await bench.http.get(f"/workflows/{name}")).json()
    return shown["version"], shown["definition"] and shown["definition"]["blocks"][0]["config"]["text"]


async def ask(bench: Bench, verb: str, namespace: str = "default", **body: Any) -> dict[str, Any]:
    """Ask over NATS."""
    reply = await bench.connection.request(subjects.api(namespace, verb), orjson.dumps(body))
    document: dict[str, Any] = orjson.loads(reply.data)
    return document


async def stored(bench: Bench, name: str = "news", namespace: str = "default") -> StoredWorkflow:
    """The document in the bucket."""
    entry = await state(bench).get(subjects.workflow_key(namespace, name))
    assert entry
    return StoredWorkflow.model_validate_json(entry.value)


async def change(bench: Bench, name: str = "news", **changes: Any) -> None:
    """Write the document as the manager might have."""
    workflow = (await stored(bench, name)).model_copy(update=changes)
    await state(bench).put(subjects.workflow_key("default", name), workflow.model_dump_json().encode())


def state(bench: Bench) -> Bucket:
    """Where workflows are stored."""
    return Bucket(bench.connection, subjects.STATE_BUCKET)
