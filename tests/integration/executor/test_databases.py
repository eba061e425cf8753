"""Executors ask databases: files where they may be, and URLs of which nothing gets out."""

from pathlib import Path

from support.credentials import mentioning, vault
from support.executing import Scheduler, hosting

from gnatwork_blocks.builtin.sql import Sql

URL = "{{ connections.shop.url }}"


async def test_a_file_in_the_folder_that_is_named_is_asked(nats_url: str, scheduler: Scheduler, tmp_path: Path) -> None:
    work = mentioning({"url": URL, "statement": "SELECT 2 AS n"}, "sql")
    async with (
        vault(scheduler.connection, shop={"url": "sqlite:///shop.db"}),
        hosting(nats_url, Sql, sqlite_dir=tmp_path),
    ):
        output = await scheduler.output(await scheduler.send_work(work))
    assert output == {"columns": ["n"], "rows": [{"n": 2}], "row_count": 1}


async def test_an_error_has_nothing_of_the_url(nats_url: str, scheduler: Scheduler) -> None:
    work = mentioning({"url": URL, "statement": "SELECT 1"}, "sql")
    shop = {"url": "postgresql://ada:s3cret-word@127.0.0.1:5432/shop"}
    async with vault(scheduler.connection, shop=shop), hosting(nats_url, Sql):
        error = await scheduler.error(await scheduler.send_work(work))
    assert error["code"] == "sql.blocked_address"
    assert "s3cret-word" not in str(error)
