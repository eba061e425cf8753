"""The checks of `gnatwork doctor`, in the order in which things depend on each other."""

from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, NamedTuple

from gnatwork import Address, AddressError, Client, ClientError, find_address
from gnatwork_bus.connection import ApiError, Connection
from gnatwork_bus.discovery import FoundService, find_services
from gnatwork_bus.kv import Bucket
from gnatwork_bus.reconcile import check_server
from gnatwork_bus.topology import HISTORY, other_streams
from gnatwork_schemas import subjects
from gnatwork_schemas.errors import GnatworkError, UnavailableError
from gnatwork_schemas.executors import LivingExecutor, read_leases

#: Seconds that NATS and the manager get to answer.
_PATIENCE = 5.0
#: Seconds in which every living service answers.
_ROLL_CALL = 0.5
#: Share of the store from which on the manager takes no more runs.
_FULL = 0.9
#: The most consumers that the server lists at once.
_PAGE = 256


class Finding(NamedTuple):
    """What a check has found."""

    name: str
    ok: bool
    text: str
    #: What to do, where something is to be done.
    advice: str = ""


async def examine(*, api: str | None, token: str | None, nats: str | None, data_dir: Path) -> AsyncIterator[Finding]:
    """Check everything that can be reached; what depends on something that is missing is left out."""
    try:
        address = find_address(api=api, token=token, nats=nats, data_dir=data_dir)
    except AddressError as error:
        yield Finding("address", False, error.detail, "Start it with `gnatwork up`, or give --api and --token.")
        return
    yield Finding("address", True, address.api or "NATS alone; the API is not checked")
    if address.api:
        yield await _check_api(address)
    if not address.nats:
        yield Finding("nats", True, "not checked, because its address is not known; give --nats")
        return
    async with AsyncExitStack() as stack:
        try:
            opening = Connection.open(address.nats, name="doctor", patience=_PATIENCE)
            connection = await stack.enter_async_context(opening)
        except UnavailableError as error:
            yield Finding("nats", False, error.detail, "Start it, or correct its address and token.")
            return
        try:
            await check_server(connection)
        except GnatworkError as error:
            yield Finding("nats", False, str(error))
            return
        version = connection.nc.connected_server_version
        yield Finding("nats", True, f"nats-server {version.major}.{version.minor}.{version.patch}")
        for finding in await _check_engine(connection):
            yield finding


async def _check_api(address: Address) -> Finding:
    try:
        async with Client.at(address, timeout=_PATIENCE) as client:
            blocks = await client.blocks()
    except ClientError as error:
        return Finding("manager", False, str(error))
    return Finding("manager", True, f"takes the token and knows {len(blocks)} block types")


async def _check_engine(connection: Connection) -> list[Finding]:
    streams = {
        stream.name: await _info(connection, f"STREAM.INFO.{stream.name}") for stream in (HISTORY, *other_streams())
    }
    missing = sorted(name for name, info in streams.items() if info is None)
    if missing:
        text = f"{', '.join(missing)} missing"
        return [Finding("streams", False, text, "A scheduler makes them when it starts: is one running?")]
    messages = sum(info["state"]["messages"] for info in streams.values() if info)
    findings = [Finding("streams", True, f"all {len(streams)} are there, with {messages} messages")]
    services = await find_services(connection, patience=_ROLL_CALL)
    findings.append(check_schedulers(services, await _consumers(connection, subjects.HISTORY)))
    entries = await Bucket(connection, subjects.STATE_BUCKET).list(subjects.catalogue_key("*"))
    types = sorted(entry.key.removeprefix(subjects.catalogue_key("")) for entry in entries)
    leases = await Bucket(connection, subjects.STATE_BUCKET).list(subjects.executor_key("*"))
    living = read_leases(lease.value for lease in leases)
    findings += check_executors(types, services, await _consumers(connection, subjects.WORK), living)
    findings += check_plug_ins(living)
    findings.append(check_store(await connection.api("INFO")))
    return findings


def check_schedulers(services: Iterable[FoundService], consumers: Sequence[dict[str, Any]]) -> Finding:
    """Whether someone folds histories, and how much waits for that."""
    alive = _working_at(services, subjects.HISTORY_SUBJECTS)
    waiting = sum(consumer["num_pending"] for consumer in consumers)
    if not alive:
        return Finding("schedulers", False, f"none is running, {waiting} events wait", "Start `gnatwork scheduler`.")
    return Finding("schedulers", True, f"{alive} running, {len(consumers)} shards, {waiting} events wait")


def check_executors(
    types: Iterable[str],
    services: Sequence[FoundService],
    consumers: Iterable[dict[str, Any]],
    living: Sequence[LivingExecutor] = (),
) -> list[Finding]:
    """Whether someone runs each block type of the catalogue, and how much waits for that.

    Executors in other languages answer no roll call; that they live is known by their leases.
    """
    answered = {service.metadata.get("executor") for service in services}
    others = [executor for executor in living if executor.executor not in answered]
    waiting = {consumer["name"]: consumer["num_pending"] for consumer in consumers}
    findings = []
    for type_ in types:
        alive = _working_at(services, subjects.work_of_type(type_, subjects.NORMAL_LANE))
        alive += sum(type_ in executor.blocks for executor in others)
        backlog = sum(waiting.get(subjects.executor_consumer(type_, lane), 0) for lane in subjects.LANES)
        text = f"{alive or 'none'} running, {backlog} work items wait"
        advice = "" if alive else f"Start `gnatwork executor --blocks {type_}`; runs that need it wait until then."
        findings.append(Finding(f"executor {type_}", alive > 0, text, advice))
    return findings or [Finding("executors", False, "none has ever run", "Start `gnatwork executor --blocks fetch`.")]


def check_plug_ins(executors: Iterable[LivingExecutor]) -> list[Finding]:
    """What executors were told to host, and can't."""
    advice = "Mend, update or remove the package that provides it, and start the executor again."
    return [
        Finding(f"block {name}", False, f"unavailable in {executor.executor}: {reason}", advice)
        for executor in executors
        for name, reason in executor.disabled.items()
    ]


def check_store(account: dict[str, Any]) -> Finding:
    """How full the store is, as far as the account has a limit."""
    used, limit = account["storage"], account.get("limits", {}).get("max_storage", -1)
    text = f"{used / 1e6:.1f} MB in use"
    if limit <= 0:
        return Finding("store", True, text)
    text += f" of {limit / 1e6:.0f} MB"
    if used < _FULL * limit:
        return Finding("store", True, text)
    return Finding("store", False, text, "Give the server more room; no run is taken until there is some.")


def _working_at(services: Iterable[FoundService], subject: str) -> int:
    return sum(subject in service.subjects for service in services)


async def _info(connection: Connection, question: str) -> dict[str, Any] | None:
    try:
        return await connection.api(question)
    except ApiError as error:
        if error.status == 404:
            return None
        raise


async def _consumers(connection: Connection, stream: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    while True:
        page = await connection.api(f"CONSUMER.LIST.{stream}", {"offset": len(found)})
        found += page["consumers"] or []
        if len(page["consumers"] or []) < _PAGE:
            return found
