"""Gnatwork for Python: start workflows with `Client`, write blocks with `Block`."""

from gnatwork.address import Address, find_address
from gnatwork.client import Client
from gnatwork.credentials import Credentials
from gnatwork.errors import AddressError, ClientError, RequestError, RunError, UnreachableError
from gnatwork.logins import Login
from gnatwork.pages import Page
from gnatwork.runs import RunHandle
from gnatwork.transport import RunEvent
from gnatwork_blocks.sdk import Block, BlockContext, BlockError
from gnatwork_schemas.event_kinds import EventKind
from gnatwork_schemas.live import LogLevel, LogLine

__all__ = [
    "Address",
    "AddressError",
    "Block",
    "BlockContext",
    "BlockError",
    "Client",
    "ClientError",
    "Credentials",
    "EventKind",
    "LogLevel",
    "LogLine",
    "Login",
    "Page",
    "RequestError",
    "RunError",
    "RunEvent",
    "RunHandle",
    "UnreachableError",
    "find_address",
]
