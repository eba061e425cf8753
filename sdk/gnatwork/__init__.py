"""Gnatwork for Python: start workflows with `Client`, write blocks with `Block`."""

from gnatwork.address import Address, find_address
from gnatwork.client import Client
from gnatwork.errors import AddressError, ClientError, RequestError, RunError, UnreachableError
from gnatwork.pages import Page
from gnatwork.runs import RunHandle
from gnatwork.transport import RunEvent
from gnatwork_blocks.sdk import Block, BlockContext, BlockError

__all__ = [
    "Address",
    "AddressError",
    "Block",
    "BlockContext",
    "BlockError",
    "Client",
    "ClientError",
    "Page",
    "RequestError",
    "RunError",
    "RunEvent",
    "RunHandle",
    "UnreachableError",
    "find_address",
]
