"""Brings the server's streams and consumers to what the descriptors say; safe for many processes at once."""

import logging
from collections.abc import Mapping
from typing import Any

from nats.errors import NoRespondersError

from gnatwork_bus import topology
from gnatwork_bus.connection import ApiError, Connection
from gnatwork_bus.descriptors import ConsumerDescriptor, StreamDescriptor
from gnatwork_schemas.errors import NotReadyError, TopologyError, UnavailableError
from gnatwork_schemas.subjects import HISTORY, SHARDS_METADATA

log = logging.getLogger(__name__)

#: The level of JetStream's API that came with nats-server 2.14.
_API_LEVEL = 4
_OLDEST_SERVER = "2.14"
#: Bytes that one message must be able to hold: the server's own default.
_MAX_PAYLOAD = 1024 * 1024

#: JetStream's error codes, see its `errors.json`.
_STREAM_NOT_FOUND = 10059
_STREAM_EXISTS = 10058
_CONSUMER_NOT_FOUND = 10014
_NOT_ENABLED = frozenset({10039, 10076})

#: Settings that no update can change.
_FIXED = ("retention", "storage")


async def reconcile(connection: Connection, *, shards: int | None = None, replicas: int | None = None) -> int:
    """Make sure that the server is fit and has all streams, buckets and scheduler consumers; the number of shards.

    Args:
        connection: where to.
        shards: how many there are to be; None takes the number of the first start, by default 8.
        replicas: how many servers keep each stream; None leaves it as it is, 1 for a new stream.

    Raises:
        TopologyError: the server is too old or lacks something, or a stream or consumer can't become what it must be.
        UnavailableError: no answer.
    """
    await check_server(connection)
    shards = await ensure_history(connection, shards, replicas=replicas)
    for stream in topology.other_streams():
        await ensure_stream(connection, stream, replicas=replicas)
    for shard in range(shards):
        await ensure_consumer(connection, topology.scheduler_consumer(shard))
    await ensure_consumer(connection, topology.trigger_consumer())
    return shards


async def join(connection: Connection) -> int:
    """As `reconcile`, for services that leave it to the first scheduler how many shards there are.

    Raises:
        TopologyError: as `reconcile`.
        NotReadyError: no scheduler has started yet.
        UnavailableError: no answer.
    """
    await check_server(connection)
    if await _stream_config(connection, HISTORY) is None:
        raise NotReadyError("the first scheduler makes the history")
    return await reconcile(connection)


async def check_server(connection: Connection) -> None:
    """`TopologyError` unless the server has JetStream, is new enough and takes messages of one megabyte."""
    try:
        info = await connection.api("INFO")
    except ApiError as error:
        if error.err_code in _NOT_ENABLED:
            raise TopologyError(f"JetStream is not enabled for this account: {error.description}") from error
        raise
    except UnavailableError as error:
        if isinstance(error.__cause__, NoRespondersError):
            raise TopologyError("the NATS server runs without JetStream; start it with `-js`") from error
        raise
    if info.get("api", {}).get("level", 0) < _API_LEVEL:
        version = connection.nc.connected_server_version
        told = f"{version.major}.{version.minor}.{version.patch}"
        raise TopologyError(f"nats-server {told} is too old; use {_OLDEST_SERVER} or newer")
    if connection.nc.max_payload < _MAX_PAYLOAD:
        raise TopologyError(
            f"the NATS server takes messages of {connection.nc.max_payload} bytes; set `max_payload` to at least"
            f" {_MAX_PAYLOAD}"
        )


async def ensure_history(connection: Connection, shards: int | None, *, replicas: int | None = None) -> int:
    """Make sure that there is a history with `shards` shards (None: whatever it has); the number it has."""
    if shards is not None and not 1 <= shards <= 1024:
        raise TopologyError(f"{shards} shards are wanted; choose a number from 1 to 1024")
    found = await _stream_config(connection, HISTORY)
    if found is None:
        wanted = topology.history(shards or topology.DEFAULT_SHARDS)
        found = await _create_stream(connection, wanted, replicas)
    stored = (found.get("metadata") or {}).get(SHARDS_METADATA, "")
    if not stored.isdigit() or not int(stored):
        raise TopologyError(
            f"there is a stream {HISTORY} that does not say how many shards it has, so it is not ours; rename it, or"
            " use another NATS account"
        )
    if shards is not None and shards != int(stored):
        raise TopologyError(
            f"the history has {stored} shards and {shards} are wanted; the number is fixed at the first start: start"
            f" with {stored}, or with an empty store"
        )
    await _adapt_stream(connection, topology.history(int(stored)), found, replicas)
    return int(stored)


async def ensure_stream(connection: Connection, wanted: StreamDescriptor, *, replicas: int | None = None) -> None:
    """Create the stream, or update what differs; `TopologyError` when that is impossible."""
    found = await _stream_config(connection, wanted.name)
    if found is None:
        found = await _create_stream(connection, wanted, replicas)
    await _adapt_stream(connection, wanted, found, replicas)


async def ensure_consumer(connection: Connection, wanted: ConsumerDescriptor) -> None:
    """Create the consumer, or update what differs; `TopologyError` when that is impossible."""
    config = wanted.config()
    try:
        info = await connection.api(f"CONSUMER.INFO.{wanted.stream}.{wanted.name}")
    except ApiError as error:
        if error.err_code != _CONSUMER_NOT_FOUND:
            raise
        found: dict[str, Any] = {}
    else:
        found = info["config"]
    differs = _differences(config, found)
    if not differs:
        return
    # Without an action the server creates or updates, whichever it takes: others may be doing the same.
    request = {"stream_name": wanted.stream, "config": {**found, **config}}
    try:
        await connection.api(f"CONSUMER.CREATE.{wanted.stream}.{wanted.name}", request)
    except ApiError as error:
        _raise_if_unavailable(error)
        raise TopologyError(
            f"consumer {wanted.name} of {wanted.stream} {_told(differs, config, found)}, which the server refuses:"
            f" {error.description}; stop all services, remove it with `nats consumer rm {wanted.stream}"
            f" {wanted.name}` and start again"
        ) from error
    if found:
        log.warning("consumer %s of %s updated: %s", wanted.name, wanted.stream, _told(differs, config, found))


async def _stream_config(connection: Connection, name: str) -> dict[str, Any] | None:
    try:
        info = await connection.api(f"STREAM.INFO.{name}")
    except ApiError as error:
        if error.err_code == _STREAM_NOT_FOUND:
            return None
        raise
    return dict(info["config"])


async def _create_stream(connection: Connection, wanted: StreamDescriptor, replicas: int | None) -> dict[str, Any]:
    """Create the stream and return its settings; those of another's, when another was faster."""
    try:
        info = await connection.api(f"STREAM.CREATE.{wanted.name}", {**wanted.config(), "num_replicas": replicas or 1})
    except ApiError as error:
        _raise_if_unavailable(error)
        found = await _stream_config(connection, wanted.name) if error.err_code == _STREAM_EXISTS else None
        if found is None:
            raise TopologyError(f"stream {wanted.name} can't be created: {error.description}") from error
        return found
    return dict(info["config"])


async def _adapt_stream(
    connection: Connection, wanted: StreamDescriptor, found: Mapping[str, Any], replicas: int | None
) -> None:
    config = {**wanted.config(), **({"num_replicas": replicas} if replicas is not None else {})}
    differs = _differences(config, found)
    if not differs:
        return
    told = f"stream {wanted.name} {_told(differs, config, found)}"
    if fixed := [name for name in differs if name in _FIXED]:
        raise TopologyError(
            f"{told}; {' and '.join(fixed)} of a stream can't be changed: back it up and remove it with"
            f" `nats stream rm {wanted.name}`, or use another NATS account"
        )
    # What the descriptor does not decide, such as placement or compression, stays as the operator set it.
    merged = {**found, **config, "metadata": {**(found.get("metadata") or {}), **config["metadata"]}}
    try:
        await connection.api(f"STREAM.UPDATE.{wanted.name}", merged)
    except ApiError as error:
        _raise_if_unavailable(error)
        raise TopologyError(
            f"{told}, which the server refuses: {error.description}; undo the change with `nats stream edit"
            f" {wanted.name}`, or use another NATS account"
        ) from error
    log.warning("%s: updated", told)


def _raise_if_unavailable(error: ApiError) -> None:
    """A cluster without a leader, or a server that is starting, is not a mistake in the topology."""
    if error.status == 503:
        raise UnavailableError(error.description) from error


def _differences(wanted: Mapping[str, Any], found: Mapping[str, Any]) -> list[str]:
    """The names of settings that are not as wanted. The server leaves out what is empty and adds metadata."""
    return [name for name, value in wanted.items() if not _same(name, value, found.get(name))]


def _same(name: str, wanted: Any, found: Any) -> bool:
    if name == "metadata":
        return all((found or {}).get(key) == value for key, value in wanted.items())
    return (wanted or None) == (found or None)


def _told(differs: list[str], wanted: Mapping[str, Any], found: Mapping[str, Any]) -> str:
    """`has retention "limits" instead of "workqueue"`."""
    return "has " + ", ".join(f"{name} {found.get(name)!r} instead of {wanted[name]!r}" for name in differs)
