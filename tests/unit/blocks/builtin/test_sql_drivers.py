"""`sql` with a driver that somebody else installed."""

from collections.abc import AsyncIterator
from ipaddress import ip_address
from typing import Any, ClassVar

import pytest
from sqlalchemy.dialects import registry
from sqlalchemy.dialects.sqlite.aiosqlite import SQLiteDialect_aiosqlite
from sqlalchemy.engine import URL
from support.resources import resources

from gnatwork_blocks.builtin.sql import Sql
from gnatwork_blocks.errors import BlockError
from gnatwork_blocks.resources import databases
from gnatwork_blocks.sdk import BlockContext
from gnatwork_blocks.testing import Recorder, run_block
from gnatwork_net.allow_list import Address, AllowList
from gnatwork_net.guard import Guard


class Foreign(SQLiteDialect_aiosqlite):
    """Says where it would connect to, and is SQLite in truth."""

    name = "foreign"
    driver = "async"
    supports_statement_cache = True
    asked: ClassVar[list[tuple[str | None, int | None]]] = []

    def create_connect_args(self, url: URL) -> Any:
        self.asked.append((url.host, url.port))
        return [":memory:"], {}


@pytest.fixture
async def ctx(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[BlockContext]:
    async def local(_host: str, _port: int) -> list[Address]:
        return [ip_address("127.0.0.1")]

    monkeypatch.setitem(registry.impls, "foreign.async", lambda: Foreign)
    Foreign.asked.clear()
    guard = Guard(AllowList.parse("127.0.0.1, listed.example"), local)
    async with resources(guard=guard, sql=databases(guard)) as shared:
        yield Recorder(resources=shared).context(timeout=20.0)


async def ask(ctx: BlockContext, url: str) -> Any:
    return await run_block(Sql, {"url": url, "statement": "SELECT 1 AS x"}, ctx)


async def test_it_connects_to_the_address_that_was_judged(ctx: BlockContext) -> None:
    assert (await ask(ctx, "foreign+async://u:p@db.example:99/x"))["rows"] == [{"x": 1}]
    assert Foreign.asked == [("127.0.0.1", 99)]


async def test_a_host_that_is_listed_by_its_name_keeps_it(ctx: BlockContext) -> None:
    await ask(ctx, "foreign+async://u:p@listed.example:99/x")
    assert Foreign.asked == [("listed.example", 99)]


@pytest.mark.parametrize("url", ["foreign+async://u:p@db.example/x", "foreign+async://u:p@db.example:99/x?host=other"])
async def test_what_it_might_be_told_otherwise_is_refused(ctx: BlockContext, url: str) -> None:
    with pytest.raises(BlockError) as caught:
        await ask(ctx, url)
    assert caught.value.code == "sql.invalid_url"
    assert Foreign.asked == []


async def test_private_addresses_are_refused(ctx: BlockContext) -> None:
    async with resources() as shared:
        with pytest.raises(BlockError) as caught:
            await ask(Recorder(resources=shared).context(), "foreign+async://u:p@127.0.0.1:99/x")
    assert caught.value.code == "sql.blocked_address"
    assert Foreign.asked == []
