"""From what goes wrong with a database to the error codes of blocks."""

import re
import ssl
from typing import Any

from sqlalchemy import exc

from gnatwork_blocks.errors import BlockError

#: What can go wrong; everything else is a mistake of ours.
FAILURES = (exc.SQLAlchemyError, OSError)

#: Characters of a database's own words that are shown.
_MAX_WORDS = 500
#: By the first letters of SQLSTATE, longest first: the code, and whether another attempt may get over it.
_STATES = (
    ("40001", "sql.conflict", True),
    ("40P01", "sql.conflict", True),
    ("55P03", "sql.conflict", True),
    ("57014", "sql.timeout", True),
    ("42501", "sql.failed", False),
    ("3D000", "sql.connection", False),
    ("57P", "sql.connection", True),
    ("08", "sql.connection", True),
    ("28", "sql.connection", False),
    ("53", "sql.failed", True),
    ("40", "sql.conflict", True),
    ("23", "sql.constraint", False),
    ("42", "sql.syntax", False),
)
#: Of MySQL and MariaDB, which put it before their words: a deadlock, a lock that was waited for too long.
_CONFLICTS = frozenset({1205, 1213})
_SQLITE_BUSY = re.compile(r"database( table| schema)? is locked|database is busy")
_SQLITE_SYNTAX = re.compile(r"syntax error|no such|incomplete input|unrecognized token|has no column|ambiguous")


def failure(error: Exception, host: str) -> BlockError:
    """The error that one of `FAILURES` means for a task; it has neither the statement nor its parameters."""
    if isinstance(error, exc.TimeoutError):
        return BlockError("sql.connection", f"All connections to {host} are taken.", retryable=True)
    if isinstance(error, exc.DBAPIError):
        cause: Any = getattr(error.orig, "__cause__", None) or error.orig
        return _database_error(error, cause, host)
    if isinstance(error, TimeoutError):
        return BlockError("sql.connection", f"{host} did not answer in time.", retryable=True)
    if isinstance(error, ssl.SSLCertVerificationError):
        return BlockError("sql.connection", f"The certificate of {host} is not trusted: {error.verify_message}")
    if isinstance(error, OSError):
        # The words of the system may have the address, which tells what names inside the network resolve to.
        return BlockError("sql.connection", f"{host} can't be reached, or the connection broke.", retryable=True)
    return BlockError("sql.failed", f"The statement can't be run: {_words(error)}")


def driver_failure(error: Exception, host: str) -> BlockError:
    """The same for what a driver raises while it connects."""
    return _database_error(None, error, host)


def _database_error(error: exc.DBAPIError | None, cause: Any, host: str) -> BlockError:
    state = str(getattr(cause, "sqlstate", None) or "")
    details = {"sqlstate": state} if state else None
    for start, code, retryable in _STATES:
        if state.startswith(start):
            return BlockError(code, f"{host}: {_words(cause)}", retryable=retryable, details=details)
    code, retryable = ("sql.failed", False) if state else _by_class(error, cause)
    return BlockError(code, f"{host}: {_words(cause)}", retryable=retryable, details=details)


def _by_class(error: exc.DBAPIError | None, cause: Any) -> tuple[str, bool]:  # noqa: PLR0911 - a kind per line
    """For drivers without SQLSTATE."""
    words = str(cause)
    number = cause.args[0] if getattr(cause, "args", ()) else None
    match error:
        case None:
            return "sql.connection", True
        case _ if error.connection_invalidated:
            return "sql.connection", True
        case exc.IntegrityError():
            return "sql.constraint", False
        case exc.OperationalError() if number in _CONFLICTS or _SQLITE_BUSY.search(words):
            return "sql.conflict", True
        case exc.OperationalError() if words == "interrupted":
            return "sql.timeout", True
        case exc.OperationalError() if _SQLITE_SYNTAX.search(words):
            return "sql.syntax", False
        case exc.ProgrammingError():
            return "sql.syntax", False
        case exc.InterfaceError():
            return "sql.connection", True
        case _:
            return "sql.failed", False


def _words(error: Any) -> str:
    """Its first line: the further ones of PostgreSQL have values of rows."""
    text = str(error).partition("\n")[0].strip() or type(error).__name__
    return text if len(text) <= _MAX_WORDS else f"{text[:_MAX_WORDS]}…"
