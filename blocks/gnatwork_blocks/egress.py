"""The HTTP client of blocks: a refused address is a `BlockError`."""

import httpx

from gnatwork_blocks.errors import BlockError
from gnatwork_net import egress
from gnatwork_net.allow_list import AllowList


def http_client(allow: AllowList) -> httpx.AsyncClient:
    """A client for all blocks of a process, see `gnatwork_net.egress`."""
    return egress.http_client(allow, BlockError)
