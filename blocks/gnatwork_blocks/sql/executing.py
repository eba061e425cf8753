"""Statements on a connection, and what they yield."""

import re
from collections.abc import Mapping
from typing import Any

from sqlalchemy import TextClause, text
from sqlalchemy.engine import Dialect
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, AsyncResult

from gnatwork_blocks.errors import BlockError
from gnatwork_blocks.sql.address import POSTGRESQL, SQLITE
from gnatwork_blocks.sql.statement import Parameters, Query, Statement
from gnatwork_blocks.sql.values import as_json, distinct, flat, rows_as_json, size_of

#: Bytes of all rows of a statement, as JSON.
MAX_BYTES = 50_000_000
_CHUNK = 200

_COMMENTS = re.compile(r"\A(\s+|--[^\n]*\n|/\*.*?\*/)*", re.DOTALL)
_READS = re.compile(r"(select|values|table|with)\b", re.IGNORECASE)
#: What begins so may write all the same, `WITH … INSERT` or `SELECT … INTO`, and is then not a matter for cursors.
_WRITES = re.compile(r"\b(insert|update|delete|merge|replace|into)\b", re.IGNORECASE)
_RETURNS = re.compile(r"\b(returning|output|select)\b", re.IGNORECASE)
_INSERTS = re.compile(r"(insert|replace)\b", re.IGNORECASE)


async def execute(engine: AsyncEngine, query: Query) -> list[dict[str, Any]]:
    """Run the statements; what each yields.

    Raises:
        BlockError: `sql.parameters`, `sql.too_many_rows`, `sql.too_large`; with any error nothing is changed.
        SQLAlchemyError: What the database or its driver says.
    """
    plans = [_Plan(statement, engine.dialect) for statement in query.statements]
    async with engine.connect() as connection:
        try:
            if len(plans) == 1 and plans[0].stands_alone:
                # Some statements, such as VACUUM, want to be outside of a transaction.
                await connection.execution_options(isolation_level="AUTOCOMMIT")
                return [await _run(connection, plans[0], query.max_rows)]
            async with connection.begin():
                if engine.dialect.name == SQLITE:
                    # Python's driver begins one by itself, but not before a `CREATE TABLE`.
                    await connection.exec_driver_sql("BEGIN")
                return [await _run(connection, plan, query.max_rows) for plan in plans]
        except BaseException:
            # What state it is in, perhaps in the middle of many rows, is not worth finding out.
            await connection.invalidate()
            raise


class _Plan:
    """How a statement is run with this kind of database."""

    def __init__(self, statement: Statement, dialect: Dialect) -> None:
        words = _COMMENTS.sub("", statement.text, count=1)
        self.clause: TextClause = text(statement.text)
        self.many = not isinstance(statement.parameters, Mapping)
        given = statement.parameters if self.many else [statement.parameters]
        self.parameters = [self._checked(parameters, dialect.name) for parameters in given]  # type: ignore[arg-type]  # a list of them
        reads = bool(_READS.match(words)) and not _WRITES.search(words)
        #: Its rows are read bit by bit.
        self.streams = reads and not self.many and dialect.supports_server_side_cursors
        #: What may yet fail over its rows is not to have changed anything then.
        self.stands_alone = not self.many and not self.streams and not _RETURNS.search(words)
        self.has_id = dialect.name != POSTGRESQL and bool(_INSERTS.match(words))

    def _checked(self, parameters: Parameters, dialect: str) -> dict[str, Any]:
        wanted = set(self.clause._bindparams)  # nothing public yields them
        if missing := sorted(wanted - parameters.keys()):
            raise BlockError("sql.parameters", f"The statement has :{missing[0]}, and `parameters` has no such name.")
        if unknown := sorted(parameters.keys() - wanted):
            raise BlockError("sql.parameters", f"`parameters` has {unknown[0]!r}, and the statement no such name.")
        return dict(parameters) if dialect == POSTGRESQL else flat(parameters)


async def _run(connection: AsyncConnection, plan: _Plan, max_rows: int) -> dict[str, Any]:
    if plan.many:
        if not plan.parameters:
            return {"rows": [], "row_count": 0}
        done = await connection.execute(plan.clause, plan.parameters)
        return {"rows": [], "row_count": _known(done.rowcount)}
    if plan.streams:
        async with connection.stream(plan.clause, plan.parameters[0]) as stream:
            return await _read(stream, max_rows)
    result = await connection.execute(plan.clause, plan.parameters[0])
    if result.returns_rows:
        columns = distinct(result.keys())
        rows = _collected([], rows_as_json(columns, result.fetchmany(max_rows + 1)), max_rows)
        return {"columns": columns, "rows": rows, "row_count": len(rows)}
    output: dict[str, Any] = {"rows": [], "row_count": _known(result.rowcount)}
    if plan.has_id and result.lastrowid:
        output["last_insert_id"] = as_json(result.lastrowid)
    return output


async def _read(stream: AsyncResult[Any], max_rows: int) -> dict[str, Any]:
    columns = distinct(stream.keys())
    rows: list[dict[str, Any]] = []
    size = 0
    while chunk := await stream.fetchmany(_CHUNK):
        found = rows_as_json(columns, chunk)
        size += sum(map(size_of, found))
        if size > MAX_BYTES:
            raise BlockError("sql.too_large", f"The rows have more than {MAX_BYTES} bytes.")
        _collected(rows, found, max_rows)
    return {"columns": columns, "rows": rows, "row_count": len(rows)}


def _collected(rows: list[dict[str, Any]], more: list[dict[str, Any]], max_rows: int) -> list[dict[str, Any]]:
    rows += more
    if len(rows) > max_rows:
        raise BlockError("sql.too_many_rows", f"There are more than {max_rows} rows.")
    return rows


def _known(count: int) -> int | None:
    """Drivers say -1 where they do not know."""
    return count if count >= 0 else None
