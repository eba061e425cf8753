"""A cursor that a list did not give is a mistake of the caller, whatever it looks like."""

import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from support.managing import Bench, open_bench

from gnatwork_bus.connection import Connection
from gnatwork_manager.connections.sealing import SecretKeys, generate_key
from gnatwork_manager.pages import encode_cursor

#: What someone may think of: other kinds, other counts, numbers beyond what stores can hold.
PLACES: list[tuple[Any, ...]] = [
    (),
    ("",),
    ("a",),
    ("a", "b"),
    ("\x00\n*>.",),
    ("x" * 700,),
    (0,),
    (-1,),
    (1, 2),
    (2**63,),
    (2**64 - 1,),
    (-1.5, "a"),
    (1e308, "a"),
    (1e308, "a", 2**63),
    (2**63, "a"),
    ("a", 2**63),
    ("a", -1),
    ("\x00", 1),
    (None,),
    ([],),
    (True,),
    ({"a": 1},),
]
CURSORS = ["a", "=", "e30", "bnVsbA", "%00", "W10", "/", "é", *(encode_cursor(*place) for place in PLACES)]


@pytest.fixture
async def bench(bus: Connection, nats_url: str, tmp_path: Path, catalogue: None) -> AsyncIterator[Bench]:
    """A manager that has everything of which there are lists."""
    async with open_bench(bus, nats_url, tmp_path, secret_keys=SecretKeys.parse(generate_key())) as opened:
        yield opened


@pytest.fixture
async def lists(bench: Bench, linear: dict[str, Any]) -> list[str]:
    """The paths of all lists, of things that are there."""
    await bench.http.put("/workflows/named", json=linear)
    run_id = await bench.submit(linear)
    await bench.put_out(run_id, "first", 1)
    document = (await bench.http.get(f"{bench.address.url}/openapi.json")).json()
    found = []
    for path, item in document["paths"].items():
        names = {parameter["name"] for parameter in item.get("get", {}).get("parameters", ())}
        if "cursor" in names:
            known = path.replace("{run_id}", run_id).replace("{name}", "named").replace("{task}", "first")
            found.append(re.sub(r"{.*?}", "x", known))
    return found


async def test_no_list_takes_a_cursor_of_another(bench: Bench, lists: list[str]) -> None:
    assert len(lists) > 6
    for path in lists:
        for cursor in CURSORS:
            reply = await bench.http.get(f"{bench.address.url}{path}", params={"cursor": cursor, "limit": 1})
            # One that could have been given, by its form, leads to some page, or to none.
            assert reply.status_code in {200, 422}, (path, cursor, reply.text)
            if reply.status_code == 422:
                assert reply.json()["errors"][0]["pointer"] == "/cursor", (path, cursor, reply.text)
        assert (await bench.http.get(f"{bench.address.url}{path}", params={"cursor": "made-up"})).status_code == 422, (
            path
        )
