"""Which URLs of databases are understood."""

import pytest

from gnatwork_blocks.errors import BlockError
from gnatwork_blocks.sql.address import port_of, read_url


def test_a_url_without_a_driver_means_the_one_that_comes_along() -> None:
    assert read_url("postgres://u:p@db.example/x").drivername == "postgresql+asyncpg"
    assert read_url("sqlite:///a.db").drivername == "sqlite+aiosqlite"
    assert port_of(read_url("postgresql://db.example")) == 5432


@pytest.mark.parametrize(
    ("url", "named"),
    [
        ("nonsense", "write it as"),
        ("postgresql://u:s3cret@db.example:port/x", "write it as"),
        ("postgresql:///x", "no host"),
        ("postgresql://u:s3cret@/x?host=/tmp", "'host'"),
        ("postgresql://u:s3cret@a.example/x?host=10.0.0.1", "'host'"),
        ("postgresql://u:s3cret@a.example/x?sslmode=maybe", "sslmode"),
        ("postgresql://u:s3cret@a.example/x?sslmode=require&sslmode=disable", "'sslmode'"),
        ("postgresql+psycopg://u:s3cret@a.example/x", "asyncpg"),
        ("sqlite+pysqlite:///x", "aiosqlite"),
        ("sqlite:///file:x?uri=true", "'uri'"),
    ],
)
def test_what_can_not_be_used_or_leads_elsewhere(url: str, named: str) -> None:
    with pytest.raises(BlockError) as caught:
        read_url(url)
    assert caught.value.code == "sql.invalid_url"
    assert named in caught.value.message
    assert "s3cret" not in caught.value.message


@pytest.mark.parametrize(
    ("url", "named"),
    [
        ("mysql://u:s3cret@db.example/x", "'asyncmy'"),
        ("oracle://u:s3cret@db.example/x", "'oracledb'"),
        ("mysql+pymysql://u:s3cret@db.example/x", "not an async one"),
        ("snowflake://u:s3cret@db.example/x", "snowflake"),
    ],
)
def test_a_driver_that_is_missing_is_named(url: str, named: str) -> None:
    with pytest.raises(BlockError) as caught:
        read_url(url)
    assert caught.value.code == "sql.no_driver"
    assert named in caught.value.message
    assert "s3cret" not in caught.value.message
