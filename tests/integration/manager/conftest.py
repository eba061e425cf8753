"""A manager under test."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from support.managing import BLOCK_TYPES, Bench, open_bench

from gnatwork_bus.connection import Connection
from gnatwork_bus.kv import Bucket
from gnatwork_schemas import subjects


@pytest.fixture
async def catalogue(bus: Connection) -> None:
    """Executors have announced their block types."""
    state = Bucket(bus, subjects.STATE_BUCKET)
    for block_type in BLOCK_TYPES:
        await state.put(subjects.catalogue_key(block_type.type), block_type.model_dump_json().encode())


@pytest.fixture
async def bench(bus: Connection, nats_url: str, tmp_path: Path, catalogue: None) -> AsyncIterator[Bench]:
    """A manager on an empty installation."""
    async with open_bench(bus, nats_url, tmp_path / "index") as opened:
        yield opened


@pytest.fixture
def linear() -> dict[str, Any]:
    """Two blocks, one after the other."""
    return {
        "blocks": [
            {"id": "first", "type": "noop", "config": {"value": "{{ input.value ?? null }}"}},
            {"id": "second", "type": "noop", "config": {"value": "{{ first.value }}"}},
        ]
    }


@pytest.fixture
def answering() -> dict[str, Any]:
    """A workflow that replies to its caller."""
    return {"blocks": [{"id": "answer", "type": "response", "config": {"status": 201}}]}
