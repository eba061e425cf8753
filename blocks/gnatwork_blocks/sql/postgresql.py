"""PostgreSQL through asyncpg: connections to the address that was judged, and values that need no conversion."""

import ssl
from collections.abc import Awaitable, Callable
from datetime import date, datetime, time
from typing import Any

import asyncpg
import orjson
from sqlalchemy.engine import URL

from gnatwork_blocks.sql.address import port_of
from gnatwork_net.guard import Guard

#: Seconds to get a connection in.
CONNECT_TIMEOUT = 10.0

_SETTINGS = {"application_name": "gnatwork", "timezone": "UTC", "datestyle": "ISO", "intervalstyle": "iso_8601"}


def connector(url: URL, guard: Guard) -> Callable[[], Awaitable[Any]]:
    """What makes a connection; the name is resolved and judged each time."""
    host, port, mode = url.host or "", port_of(url), str(url.query.get("sslmode", "prefer"))

    async def connect() -> Any:
        addresses = await guard.permitted(host, port, CONNECT_TIMEOUT)
        return await asyncpg.connect(
            host=[str(address) for address in addresses],
            port=[port] * len(addresses),
            # All are given, since asyncpg would look for them in the environment and in files.
            user=url.username or "postgres",
            password=url.password or "",
            database=url.database or url.username or "postgres",
            ssl=_verifying(host) if mode == "verify-full" else mode,
            timeout=CONNECT_TIMEOUT,
            server_settings=_SETTINGS,
            # `DISCARD ALL`, which comes after each task, forgets prepared statements; poolers can't keep them either.
            statement_cache_size=0,
        )

    return connect


async def set_codecs(connection: Any) -> None:
    """Have values of these types as texts, both ways, so that JSON can give and take them."""
    for name, decode in _DECODERS.items():
        encode = _json_text if name in {"json", "jsonb"} else str
        await connection.set_type_codec(name, schema="pg_catalog", encoder=encode, decoder=decode, format="text")


async def forget(connection: Any) -> None:
    """Leave nothing of a task to the next: settings, temporary tables, locks, subscriptions."""
    await connection.execute("DISCARD ALL")


def _verifying(host: str) -> ssl.SSLContext:
    """A context that wants the certificate of the host, although the connection is to an address."""

    class Named(ssl.SSLContext):
        def wrap_bio(self, *args: Any, **kwargs: Any) -> ssl.SSLObject:
            return super().wrap_bio(*args, **(kwargs | {"server_hostname": host}))

    context = Named(ssl.PROTOCOL_TLS_CLIENT)
    context.load_default_certs()
    return context


def _json_text(value: Any) -> str:
    """A text is taken as JSON already."""
    return value if isinstance(value, str) else orjson.dumps(value).decode()


def _iso(kind: type[datetime] | type[date] | type[time]) -> Callable[[str], str]:
    def decode(text: str) -> str:
        try:
            return kind.fromisoformat(text).isoformat()
        except ValueError:  # `infinity`, `0044-03-15 BC`
            return text

    return decode


_DECODERS: dict[str, Callable[[str], Any]] = {
    "timestamptz": _iso(datetime),
    "timestamp": _iso(datetime),
    "date": _iso(date),
    "time": _iso(time),
    "timetz": _iso(time),
    "interval": str,
    "numeric": str,
    "uuid": str,
    "inet": str,
    "cidr": str,
    "json": orjson.loads,
    "jsonb": orjson.loads,
}
