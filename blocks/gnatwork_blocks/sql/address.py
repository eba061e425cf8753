"""URLs of databases: which are understood, and what in them may lead elsewhere."""

import re
from pathlib import Path
from typing import Any

from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError

from gnatwork_blocks.errors import BlockError

SQLITE = "sqlite"
POSTGRESQL = "postgresql"

#: What a URL without a driver means.
_DRIVERS = {
    "postgres": "postgresql+asyncpg",
    "postgresql": "postgresql+asyncpg",
    "sqlite": "sqlite+aiosqlite",
    "mysql": "mysql+asyncmy",
    "mariadb": "mariadb+asyncmy",
    "oracle": "oracle+oracledb_async",
    "mssql": "mssql+aioodbc",
}
_PORTS = {"postgresql": 5432, "mysql": 3306, "mariadb": 3306, "oracle": 1521, "mssql": 1433}
#: What the query of a URL may say. Drivers understand much more, such as other hosts and files to read.
_OPTIONS = {
    "sqlite": frozenset[str](),
    "postgresql": frozenset({"sslmode"}),
    "mysql": frozenset({"charset"}),
    "mariadb": frozenset({"charset"}),
    "oracle": frozenset({"service_name"}),
    "mssql": frozenset({"driver", "Encrypt", "TrustServerCertificate"}),
}
_OPTION = re.compile(r"[\w .-]{1,100}")
SSL_MODES = frozenset({"disable", "prefer", "require", "verify-full"})


def read_url(text: str) -> URL:
    """The URL of a database whose driver is installed and async.

    Raises:
        BlockError: `sql.invalid_url`, `sql.no_driver`. The URL is in neither, since it may have a password.
    """
    try:
        url = make_url(text.strip())
    except (ArgumentError, ValueError):
        raise _invalid("write it as `postgresql://user:password@host:5432/database`") from None
    url = url.set(drivername=_DRIVERS.get(url.drivername, url.drivername))
    backend = url.get_backend_name()
    for name, value in url.query.items():
        if name not in _OPTIONS.get(backend, ()):
            raise _invalid(f"the option {name[:50]!r} is not supported for {backend}")
        if not isinstance(value, str) or not _OPTION.fullmatch(value):
            raise _invalid(f"the option {name!r} has a value that can't be")
    if backend == POSTGRESQL and url.query.get("sslmode", "prefer") not in SSL_MODES:
        raise _invalid(f"sslmode is one of {', '.join(sorted(SSL_MODES))}")
    if backend in {SQLITE, POSTGRESQL} and url.drivername != _DRIVERS[backend]:
        raise _invalid(f"the driver for {backend} is {_DRIVERS[backend]}")
    if backend != SQLITE and not url.host:
        raise _invalid("it names no host")
    _check_driver(url)
    return url


def port_of(url: URL) -> int:
    """The port of the database server; BlockError `sql.invalid_url` if the URL has to name one and does not."""
    port = url.port or _PORTS.get(url.get_backend_name())
    if port is None:
        raise _invalid("it names no port")
    return port


def file_of(url: URL, folder: Path | None) -> Path | None:
    """The file of an SQLite database; None for one in memory.

    Args:
        url: The URL.
        folder: Where databases may be; None is nowhere.

    Raises:
        BlockError: `sql.file_refused`, when the file is not in the folder, be it by a symbolic link.
    """
    name = url.database or ":memory:"
    if name == ":memory:":
        return None
    if folder is None:
        raise BlockError(
            "sql.file_refused", "SQLite files are not permitted; name their folder in GNATWORK_SQLITE_DIR."
        )
    try:
        folder = folder.resolve(strict=True)
        # A path that does not begin with a slash is within the folder; one with `file:` is just a name.
        path = (folder / name).resolve()
    except (OSError, ValueError, RuntimeError):  # no such folder, NUL in the name, links in a circle
        raise BlockError("sql.file_refused", "The SQLite file can't be had.") from None
    if path == folder or not path.is_relative_to(folder):
        raise BlockError("sql.file_refused", "The SQLite file is not in the folder that GNATWORK_SQLITE_DIR names.")
    return path


def _check_driver(url: URL) -> None:
    name = url.drivername
    try:
        dialect: Any = url.get_dialect()
    except NoSuchModuleError:
        package = f"a SQLAlchemy dialect for {name!r}"
        raise BlockError("sql.no_driver", f"Install {package} beside Gnatwork; none is there.") from None
    if not getattr(dialect, "is_async", False):
        raise BlockError("sql.no_driver", f"The driver of {name!r} is not an async one, which Gnatwork needs.")
    try:
        dialect.import_dbapi()
    except ImportError as error:
        package = (error.name or url.get_driver_name()).partition(".")[0]
        raise BlockError("sql.no_driver", f"{name!r} needs the package {package!r}, which is not installed.") from None


def _invalid(reason: str) -> BlockError:
    return BlockError("sql.invalid_url", f"The URL of the database can't be used: {reason}.")
