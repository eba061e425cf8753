"""`sql` with a real PostgreSQL."""

import asyncio
import contextlib
import ssl
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from ipaddress import ip_address
from typing import Any

import asyncpg
import pytest
import trustme
from support.postgres import Postgres, running_postgres
from support.resources import resources

from gnatwork_blocks.builtin.sql import Sql
from gnatwork_blocks.errors import BlockError
from gnatwork_blocks.resources import databases
from gnatwork_blocks.sdk import BlockContext
from gnatwork_blocks.testing import Recorder, run_block
from gnatwork_net.allow_list import Address, AllowList
from gnatwork_net.guard import Guard


@pytest.fixture(scope="module")
async def postgres() -> AsyncIterator[Postgres]:
    async with running_postgres() as server:
        yield server


@pytest.fixture
async def ctx() -> AsyncIterator[BlockContext]:
    async with resources("127.0.0.1") as shared:
        yield Recorder(resources=shared).context(timeout=30.0)


async def ask(ctx: BlockContext, url: str, statement: str, **config: Any) -> dict[str, Any]:
    output: dict[str, Any] = await run_block(Sql, {"url": url, "statement": statement, **config}, ctx)
    return output


async def refusal(ctx: BlockContext, url: str, statement: str, **config: Any) -> BlockError:
    with pytest.raises(BlockError) as caught:
        await ask(ctx, url, statement, **config)
    return caught.value


async def test_every_type_has_its_json(ctx: BlockContext, postgres: Postgres) -> None:
    statement = """
        SELECT 1::int8 AS i, 1.50::numeric AS n, 'NaN'::float8 AS nan, true AS b, 'a'::text AS t, NULL AS none,
            '2026-01-02'::date AS d, '2026-01-02T03:04:05.6+02:00'::timestamptz AS ts, '10:11'::time AS ti,
            'infinity'::timestamptz AS ever, '1 day 2 hours'::interval AS span, '\\x00ff'::bytea AS bytes,
            '0b1e0f8e-0000-7000-8000-000000000000'::uuid AS id, '{"a": [1, null]}'::jsonb AS doc, '[1]'::json AS arr,
            ARRAY['2026-01-02'::date] AS days, ARRAY[1, 2] AS numbers, '10.0.0.1'::inet AS ip
    """
    assert (await ask(ctx, postgres.url(), statement))["rows"] == [
        {
            "i": 1,
            "n": "1.50",
            "nan": "nan",
            "b": True,
            "t": "a",
            "none": None,
            "d": "2026-01-02",
            "ts": "2026-01-02T01:04:05.600000+00:00",
            "ti": "10:11:00",
            "ever": "infinity",
            "span": "P1DT2H",
            "bytes": "AP8=",
            "id": "0b1e0f8e-0000-7000-8000-000000000000",
            "doc": {"a": [1, None]},
            "arr": [1],
            "days": ["2026-01-02"],
            "numbers": [1, 2],
            "ip": "10.0.0.1",
        }
    ]


async def test_json_fits_every_type_of_column(ctx: BlockContext, postgres: Postgres) -> None:
    url = postgres.url()
    await ask(
        ctx,
        url,
        "CREATE TABLE everything (at timestamptz, day date, price numeric, id uuid, doc jsonb, tags text[],"
        " span interval)",
    )
    written = {
        "at": "2026-01-02T03:04:05+00:00",
        "day": "2026-01-02",
        "price": 1.5,
        "id": "0b1e0f8e-0000-7000-8000-000000000000",
        "doc": {"a": 1},
        "tags": ["x", "y"],
        "span": "PT1H",
    }
    names = ", ".join(f":{name}" for name in written)
    insert = f"INSERT INTO everything VALUES ({names})"  # noqa: S608 - names of our own
    assert await ask(ctx, url, insert, parameters=written) == {"rows": [], "row_count": 1}
    assert (await ask(ctx, url, insert, parameters=[written, written]))["rows"] == []
    found = await ask(ctx, url, "SELECT * FROM everything WHERE id = :id LIMIT 1", parameters={"id": written["id"]})
    assert found["rows"] == [written | {"price": "1.5"}]
    gone = await ask(ctx, url, "DELETE FROM everything WHERE day = ANY(:days)", parameters={"days": ["2026-01-02"]})
    assert gone["row_count"] == 3


@pytest.mark.parametrize(
    ("statement", "rows", "count"),
    [
        ("INSERT INTO written VALUES (1) RETURNING id", [{"id": 1}], 1),
        ("WITH new AS (INSERT INTO written VALUES (2) RETURNING id) SELECT id + 1 AS next FROM new", [{"next": 3}], 1),
        ("WITH two AS (SELECT 3 AS id) INSERT INTO written SELECT id FROM two", [], 1),
        ("-- a comment\nSELECT 4 AS id INTO chosen", [], 1),
        ("UPDATE written SET id = id", [], 3),
        ("VACUUM written", [], None),
    ],
)
async def test_each_statement_is_carried_out_once(
    ctx: BlockContext, postgres: Postgres, statement: str, rows: list[Any], count: int | None
) -> None:
    url = postgres.url()
    await ask(ctx, url, "DROP TABLE IF EXISTS written, chosen")
    await ask(ctx, url, "CREATE TABLE written (id int)")
    if statement.startswith("UPDATE"):
        await ask(ctx, url, "INSERT INTO written VALUES (1), (2), (3)")
    output = await ask(ctx, url, statement)
    assert (output["rows"], output["row_count"]) == (rows, count)
    if "INSERT" in statement:
        assert (await ask(ctx, url, "SELECT count(*) AS n FROM written"))["rows"] == [{"n": 1}]
    if "INTO chosen" in statement:
        assert (await ask(ctx, url, "SELECT * FROM chosen"))["rows"] == [{"id": 4}]


async def test_of_a_transaction_all_is_done_or_nothing(ctx: BlockContext, postgres: Postgres) -> None:
    url = postgres.url()
    await ask(ctx, url, "CREATE TABLE paid (id int PRIMARY KEY)")
    pay = {"statement": "INSERT INTO paid VALUES (:id)", "parameters": {"id": 7}}
    with pytest.raises(BlockError) as caught:
        await run_block(Sql, {"url": url, "transaction": [pay, pay]}, ctx)
    assert (caught.value.code, caught.value.retryable) == ("sql.constraint", False)
    assert "(7)" not in caught.value.message  # values of rows stay where they are
    assert (await ask(ctx, url, "SELECT * FROM paid"))["rows"] == []


@pytest.mark.parametrize(
    ("statement", "code", "retryable"),
    [
        ("SELEC 1", "sql.syntax", False),
        ("SELECT * FROM nowhere", "sql.syntax", False),
        ("SELECT 1 / 0", "sql.failed", False),
        ("SELECT 1; SELECT 2", "sql.syntax", False),
        ("DO $$ BEGIN RAISE SQLSTATE '40001'; END $$", "sql.conflict", True),
        ("DO $$ BEGIN RAISE SQLSTATE '53100'; END $$", "sql.failed", True),
        ("SELECT pg_terminate_backend(pg_backend_pid())", "sql.connection", True),
    ],
)
async def test_what_the_database_refuses(
    ctx: BlockContext, postgres: Postgres, statement: str, code: str, retryable: bool
) -> None:
    error = await refusal(ctx, postgres.url(), statement)
    assert (error.code, error.retryable) == (code, retryable)
    assert (await ask(ctx, postgres.url(), "SELECT 1 AS alive"))["rows"] == [{"alive": 1}]


async def test_a_failed_serialization_may_be_tried_again(ctx: BlockContext, postgres: Postgres) -> None:
    url = postgres.url()
    await ask(ctx, url, "CREATE TABLE counter AS SELECT 0 AS n")
    config = {
        "url": url,
        "transaction": [
            {"statement": "SET TRANSACTION ISOLATION LEVEL SERIALIZABLE"},
            {"statement": "SELECT n FROM counter"},
            {"statement": "UPDATE counter SET n = n + 1"},
        ],
    }
    waiting = "SELECT 1 AS x FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE 'UPDATE counter%'"
    other = await asyncpg.connect(url)
    try:
        change = other.transaction()
        await change.start()
        await other.execute("UPDATE counter SET n = n + 10")
        task = asyncio.create_task(run_block(Sql, config, ctx))
        async with asyncio.timeout(20):
            while not (await ask(ctx, url, waiting))["rows"]:
                pass
        await change.commit()
    finally:
        await other.close()
    with pytest.raises(BlockError) as caught:
        await task
    assert (caught.value.code, caught.value.retryable) == ("sql.conflict", True)
    assert (await ask(ctx, url, "SELECT n FROM counter"))["rows"] == [{"n": 10}]


async def test_nothing_of_a_task_is_left_for_the_next(ctx: BlockContext, postgres: Postgres) -> None:
    url = postgres.url()
    (first,) = (await ask(ctx, url, "SELECT pg_backend_pid() AS pid"))["rows"]
    await ask(ctx, url, "SET search_path = nowhere")
    await ask(ctx, url, "CREATE TEMPORARY TABLE leftover AS SELECT 1 AS x")
    (then,) = (await ask(ctx, url, "SELECT pg_backend_pid() AS pid, current_setting('search_path') AS path"))["rows"]
    assert then == {"pid": first["pid"], "path": '"$user", public'}
    assert (await refusal(ctx, url, "SELECT * FROM leftover")).code == "sql.syntax"


async def test_many_tasks_share_few_connections(ctx: BlockContext, postgres: Postgres) -> None:
    outputs = await asyncio.gather(*(ask(ctx, postgres.url(), "SELECT pg_backend_pid() AS pid") for _ in range(60)))
    assert 1 <= len({output["rows"][0]["pid"] for output in outputs}) <= 10


async def test_a_slow_statement_is_stopped_in_the_database(ctx: BlockContext, postgres: Postgres) -> None:
    url = postgres.url()
    error = await refusal(ctx, url, "SELECT pg_sleep(60) AS marked_slow", timeout="300ms")
    assert (error.code, error.retryable) == ("sql.timeout", True)
    running = (
        "SELECT 1 FROM pg_stat_activity WHERE query LIKE '%marked_slow%' AND state = 'active'"
        " AND pid <> pg_backend_pid()"
    )
    async with asyncio.timeout(20):
        while (await ask(ctx, url, running))["rows"]:
            pass


async def test_more_rows_than_wanted_are_not_read(ctx: BlockContext, postgres: Postgres) -> None:
    endless = "SELECT generate_series(1, 2000000000) AS n"
    error = await refusal(ctx, postgres.url(), endless, max_rows=10)
    assert error.code == "sql.too_many_rows"


async def test_what_yields_more_rows_than_wanted_has_changed_nothing(ctx: BlockContext, postgres: Postgres) -> None:
    url = postgres.url()
    await ask(ctx, url, "CREATE TABLE few (id int)")
    insert = "INSERT INTO few SELECT generate_series(1, 5) RETURNING id"
    assert (await refusal(ctx, url, insert, max_rows=4)).code == "sql.too_many_rows"
    assert (await ask(ctx, url, "SELECT * FROM few"))["rows"] == []


async def test_a_colon_may_begin_no_name(ctx: BlockContext, postgres: Postgres) -> None:
    output = await ask(
        ctx, postgres.url(), """SELECT '{"a"\\:1}'::jsonb AS doc, '12:30' AS t, (:x)::int AS x""", parameters={"x": 1}
    )
    assert output["rows"] == [{"doc": {"a": 1}, "t": "12:30", "x": 1}]


async def test_no_error_has_the_password(ctx: BlockContext, postgres: Postgres) -> None:
    for url, retryable in (
        (postgres.url(password="another-secret"), False),
        (postgres.url(database="nowhere"), False),
        ("postgresql://postgres:another-secret@127.0.0.1:1/x", True),
    ):
        error = await refusal(ctx, url, "SELECT 1")
        assert (error.code, error.retryable) == ("sql.connection", retryable)
        assert "secret" not in repr((error.message, error.details))


async def test_private_addresses_are_refused(postgres: Postgres) -> None:
    async with resources() as shared:
        ctx = Recorder(resources=shared).context(timeout=20.0)
        for host in ("127.0.0.1", "localhost", "2130706433", "[::1]"):
            url = f"postgresql://postgres:{postgres.password}@{host}:{postgres.port}/postgres"
            assert (await refusal(ctx, url, "SELECT 1")).code == "sql.blocked_address"


async def test_engines_are_kept_within_bounds(
    ctx: BlockContext, postgres: Postgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gnatwork_blocks.sql.kept.MAX_IDLE_ENGINES", 1)
    await asyncio.gather(
        *(ask(ctx, f"{postgres.url()}?sslmode={mode}", "SELECT pg_sleep(0.1)") for mode in ("disable", "prefer"))
    )
    await until_one_connection_is_left(ctx, postgres)


async def test_connections_that_nobody_uses_are_closed_after_a_while(
    ctx: BlockContext, postgres: Postgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gnatwork_blocks.sql.kept.MAX_IDLE", 0.1)
    await ask(ctx, f"{postgres.url()}?sslmode=disable", "SELECT 1")
    await until_one_connection_is_left(ctx, postgres)


async def until_one_connection_is_left(ctx: BlockContext, postgres: Postgres) -> None:
    """Ask by one connection until there is no other."""
    connections = "SELECT count(*) AS n FROM pg_stat_activity WHERE application_name = 'gnatwork'"
    async with asyncio.timeout(20):
        while (await ask(ctx, f"{postgres.url()}?sslmode=prefer", connections))["rows"] != [{"n": 1}]:
            pass


@asynccontextmanager
async def locked_door(name: str, authority: trustme.CA) -> AsyncIterator[int]:
    """The port of what speaks as much of PostgreSQL as comes before a password, behind TLS."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(name).configure_cert(context)

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            await reader.readexactly(8)  # asks whether there is TLS
            writer.write(b"S")
            await writer.start_tls(context)
            await reader.readexactly(8)
            body = b"SFATAL\0C28000\0Mthe door is locked\0\0"
            writer.write(b"E" + struct.pack("!i", len(body) + 4) + body)
            await writer.drain()
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        yield server.sockets[0].getsockname()[1]


async def test_the_certificate_has_to_be_that_of_the_name(monkeypatch: pytest.MonkeyPatch) -> None:
    authority = trustme.CA()

    async def local(_host: str, _port: int) -> list[Address]:
        return [ip_address("127.0.0.1")]

    def trust(context: ssl.SSLContext) -> None:
        authority.configure_trust(context)

    monkeypatch.setattr(ssl.SSLContext, "load_default_certs", trust)
    guard = Guard(AllowList.parse("127.0.0.1"), local)
    async with resources(guard=guard, sql=databases(guard)) as shared, locked_door("db.example", authority) as port:
        ctx = Recorder(resources=shared).context(timeout=20.0)
        for host, words in (("db.example", "the door is locked"), ("other.example", "certificate")):
            error = await refusal(ctx, f"postgresql://a:b@{host}:{port}/x?sslmode=verify-full", "SELECT 1")
            assert (error.code, error.retryable) == ("sql.connection", False)
            assert words in error.message
