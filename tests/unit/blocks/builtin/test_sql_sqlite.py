"""`sql` with SQLite: real files and real databases in memory."""

import asyncio
import sqlite3
import threading
import time
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from gnatwork_blocks.builtin.sql import Sql
from gnatwork_blocks.errors import BlockError
from gnatwork_blocks.resources import Resources
from gnatwork_blocks.sdk import BlockContext
from gnatwork_blocks.services.memory import MemoryServices
from gnatwork_blocks.testing import Recorder, run_block
from gnatwork_net.allow_list import AllowList

MEMORY = "sqlite://"


@pytest.fixture
async def ctx(tmp_path: Path) -> AsyncIterator[BlockContext]:
    folder = tmp_path / "databases"
    folder.mkdir()
    async with Resources.allowing(AllowList(), services=MemoryServices(), sqlite_dir=folder) as shared:
        yield Recorder(resources=shared).context(timeout=30.0)


async def refusal(config: dict[str, Any], ctx: BlockContext) -> BlockError:
    with pytest.raises(BlockError) as caught:
        await run_block(Sql, config, ctx)
    return caught.value


async def ask(ctx: BlockContext, statement: str, url: str = MEMORY, **config: Any) -> dict[str, Any]:
    output: dict[str, Any] = await run_block(Sql, {"url": url, "statement": statement, **config}, ctx)
    return output


async def test_rows_are_objects_in_json_types(ctx: BlockContext) -> None:
    statement = "SELECT 1 AS n, 2.5 AS x, 'a' AS t, NULL AS none, x'00ff' AS bytes, 9e999 AS large"
    assert await ask(ctx, statement) == {
        "columns": ["n", "x", "t", "none", "bytes", "large"],
        "rows": [{"n": 1, "x": 2.5, "t": "a", "none": None, "bytes": "AP8=", "large": "inf"}],
        "row_count": 1,
    }


async def test_columns_of_one_name_are_told_apart(ctx: BlockContext) -> None:
    output = await ask(ctx, "SELECT 1 AS id, 2 AS id, 3 AS id")
    assert output["rows"] == [{"id": 1, "id_2": 2, "id_3": 3}]


async def test_values_are_bound_whatever_they_hold(ctx: BlockContext) -> None:
    hostile = "'; DROP TABLE t; --"
    output = await ask(ctx, "SELECT :text AS t, :list AS l", parameters={"text": hostile, "list": [1, {"a": None}]})
    assert output["rows"] == [{"t": hostile, "l": '[1,{"a":null}]'}]


@pytest.mark.parametrize(
    ("parameters", "named"), [({}, "name"), ({"name": 1, "nmae": 2}, "nmae"), ([{"name": 1}, {"nam": 2}], "name")]
)
async def test_parameters_have_to_be_those_of_the_statement(ctx: BlockContext, parameters: Any, named: str) -> None:
    error = await refusal({"url": MEMORY, "statement": "SELECT :name", "parameters": parameters}, ctx)
    assert error.code == "sql.parameters"
    assert named in error.message


async def test_what_is_written_to_a_file_is_there_for_the_next_task(ctx: BlockContext, tmp_path: Path) -> None:
    url = "sqlite:///shop.db"
    await ask(ctx, "CREATE TABLE items (id INTEGER PRIMARY KEY, name TEXT UNIQUE)", url)
    assert await ask(ctx, "INSERT INTO items (name) VALUES (:name)", url, parameters={"name": "soup"}) == {
        "rows": [],
        "row_count": 1,
        "last_insert_id": 1,
    }
    many = await ask(
        ctx, "INSERT INTO items (name) VALUES (:name)", url, parameters=[{"name": "bread"}, {"name": "salt"}]
    )
    assert many["row_count"] == 2
    assert (await ask(ctx, "SELECT name FROM items ORDER BY id", f"sqlite+aiosqlite:///{tmp_path}/databases/shop.db"))[
        "rows"
    ] == [{"name": "soup"}, {"name": "bread"}, {"name": "salt"}]


async def test_no_members_change_nothing(ctx: BlockContext) -> None:
    assert await ask(ctx, "SELECT :n", parameters=[]) == {"rows": [], "row_count": 0}


async def test_of_a_transaction_all_is_done_or_nothing(ctx: BlockContext) -> None:
    url = "sqlite:///shop.db"
    add = {"statement": "INSERT INTO items VALUES (:id)", "parameters": {"id": 1}}
    config = {"url": url, "transaction": [{"statement": "CREATE TABLE items (id INTEGER PRIMARY KEY)"}, add, add]}
    assert (await refusal(config, ctx)).code == "sql.constraint"
    config["transaction"] = [
        {"statement": "CREATE TABLE items (id INTEGER PRIMARY KEY)"},
        add,
        {"statement": "SELECT id FROM items"},
    ]
    output = await run_block(Sql, config, ctx)
    assert [result["row_count"] for result in output["results"]][1:] == [1, 1]
    assert output["results"][2]["rows"] == [{"id": 1}]
    doubled = {"url": url, "statement": add["statement"], "parameters": [{"id": 2}, {"id": 1}]}
    assert (await refusal(doubled, ctx)).code == "sql.constraint"
    assert (await ask(ctx, "SELECT id FROM items", url))["rows"] == [{"id": 1}]


@pytest.mark.parametrize(
    ("statement", "code"),
    [
        ("SELEC 1", "sql.syntax"),
        ("SELECT * FROM nowhere", "sql.syntax"),
        ("SELECT 1; SELECT 2", "sql.syntax"),
        ("SELECT load_extension('x')", "sql.failed"),
        ("ATTACH DATABASE '/tmp/elsewhere.db' AS other", "sql.failed"),
        ("ATTACH DATABASE ('/tmp/' || 'elsewhere.db') AS other", "sql.failed"),
        ("VACUUM INTO '/tmp/elsewhere.db'", "sql.failed"),
        ("PRAGMA temp_store_directory = '/tmp'", "sql.failed"),
        ("PRAGMA max_page_count = 1000000000", "sql.failed"),
        ("PRAGMA hard_heap_limit = 0", "sql.failed"),
        ("PRAGMA mmap_size = 100000000", "sql.failed"),
        ("PRAGMA writable_schema = ON", "sql.failed"),
        ("SELECT zeroblob(1000000000)", "sql.failed"),
    ],
)
async def test_what_can_not_be_run(ctx: BlockContext, statement: str, code: str) -> None:
    error = await refusal({"url": MEMORY, "statement": statement}, ctx)
    assert (error.code, error.retryable) == (code, False)


async def test_a_database_of_its_own_may_be_tidied_up(ctx: BlockContext) -> None:
    await ask(ctx, "VACUUM", "sqlite:///tidy.db")


async def test_a_database_in_memory_is_gone_after_the_task(ctx: BlockContext) -> None:
    await ask(ctx, "CREATE TABLE t (x)")
    assert (await refusal({"url": MEMORY, "statement": "SELECT * FROM t"}, ctx)).code == "sql.syntax"


GROW = (
    "INSERT INTO t WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n LIMIT 1000)"
    " SELECT zeroblob(1000000) FROM n"
)


async def test_a_database_in_memory_does_not_grow_for_ever(ctx: BlockContext) -> None:
    config = {"url": MEMORY, "transaction": [{"statement": "CREATE TABLE t (x)"}, {"statement": GROW}]}
    error = await refusal(config, ctx)
    assert error.code == "sql.failed"
    assert "full" in error.message


async def test_temporary_tables_do_not_fill_the_disk(ctx: BlockContext) -> None:
    config = {"url": "sqlite:///t.db", "transaction": [{"statement": "CREATE TEMP TABLE t (x)"}, {"statement": GROW}]}
    error = await refusal(config, ctx)
    assert error.code == "sql.failed"
    assert "full" in error.message


async def test_what_is_sorted_does_not_fill_the_disk(ctx: BlockContext) -> None:
    sort = (
        "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n LIMIT 1000)"
        " SELECT length(b) FROM (SELECT randomblob(1000000) AS b FROM n ORDER BY b)"
    )
    error = await refusal({"url": MEMORY, "statement": sort}, ctx)
    assert (error.code, error.retryable) == ("sql.failed", False)
    assert "memory" in error.message


ENDLESS = "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT count(*) FROM n"


async def test_a_statement_without_end_is_stopped(ctx: BlockContext) -> None:
    started = time.monotonic()
    error = await refusal({"url": MEMORY, "statement": ENDLESS, "timeout": "200ms"}, ctx)
    assert (error.code, error.retryable) == ("sql.timeout", True)
    assert time.monotonic() - started < 20


async def test_a_task_that_is_cancelled_leaves_no_statement_behind(ctx: BlockContext) -> None:
    before = set(threading.enumerate())
    task = asyncio.create_task(run_block(Sql, {"url": MEMORY, "statement": ENDLESS}, ctx))
    async with asyncio.timeout(20):
        while not set(threading.enumerate()) - before:  # noqa: ASYNC110 - threads tell nobody
            await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        while set(threading.enumerate()) - before:  # noqa: ASYNC110 - as above
            await asyncio.sleep(0)


async def test_more_rows_than_wanted_are_an_error(ctx: BlockContext) -> None:
    numbers = "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n LIMIT {}) SELECT x FROM n"
    assert (await ask(ctx, numbers.format(500), max_rows=500))["row_count"] == 500
    error = await refusal({"url": MEMORY, "statement": numbers.format(501), "max_rows": 500}, ctx)
    assert error.code == "sql.too_many_rows"


async def test_rows_without_measure_are_an_error(ctx: BlockContext) -> None:
    wide = "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n LIMIT 80) SELECT zeroblob(1000000) FROM n"
    assert (await refusal({"url": MEMORY, "statement": wide}, ctx)).code == "sql.too_large"


async def test_a_file_that_another_writes_to_is_a_conflict(
    ctx: BlockContext, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gnatwork_blocks.sql.sqlite._BUSY_SECONDS", 0.05)
    with closing(sqlite3.connect(tmp_path / "databases" / "busy.db", isolation_level=None)) as other:
        other.execute("CREATE TABLE t (x)")
        other.execute("BEGIN EXCLUSIVE")
        error = await refusal({"url": "sqlite:///busy.db", "statement": "INSERT INTO t VALUES (1)"}, ctx)
    assert (error.code, error.retryable) == ("sql.conflict", True)


@pytest.mark.parametrize("name", ["../outside.db", "/etc/passwd", "link.db", "sub/../../outside.db", "/", "%00"])
async def test_files_elsewhere_are_refused(ctx: BlockContext, tmp_path: Path, name: str) -> None:
    (tmp_path / "databases" / "link.db").symlink_to(tmp_path / "outside.db")
    error = await refusal({"url": f"sqlite:///{name}", "statement": "SELECT 1"}, ctx)
    assert error.code in {"sql.file_refused", "sql.failed"}
    assert not (tmp_path / "outside.db").exists()
    assert str(tmp_path) not in error.message


async def test_files_are_refused_where_no_folder_is_named() -> None:
    error = await refusal({"url": "sqlite:///shop.db", "statement": "SELECT 1"}, Recorder().context())
    assert error.code == "sql.file_refused"
    assert "GNATWORK_SQLITE_DIR" in error.message
