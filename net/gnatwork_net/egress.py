"""An HTTP client that cannot be led to private addresses.

The guard sits where connections are made: it resolves the name, judges every address it resolves to, and connects to
just those. So it sees what redirects, odd spellings of addresses and changing DNS answers lead to, and nothing of a
refused address is ever contacted.
"""

import asyncio
import re
import socket
from collections.abc import Awaitable, Callable, Iterable
from http.cookiejar import CookieJar, DefaultCookiePolicy
from importlib.metadata import version

import httpcore
import httpx

from gnatwork_net.allow_list import Address, AllowList, parse_address

#: How long making a connection may take, in seconds, over all addresses of a host.
CONNECT_TIMEOUT = 10.0
#: Shorter than the five seconds after which common servers close: a request on a closing connection is lost.
KEEPALIVE_EXPIRY = 3.0
#: As many as an executor runs tasks by default, so that none waits for a connection while its time runs.
MAX_CONNECTIONS = 256
MAX_IDLE_CONNECTIONS = 20

# Names as the resolver takes them, and addresses; httpx lets through what no host can be called.
_HOST = re.compile(r"[A-Za-z0-9_.-]{1,255}|[0-9A-Fa-f]*:[0-9A-Fa-f:.]*(%[\w.-]+)?")

SocketOption = tuple[int, int, int] | tuple[int, int, bytes | bytearray] | tuple[int, int, None, int]
#: Host and port to addresses; OSError when there are none.
Resolver = Callable[[str, int], Awaitable[list[Address]]]
#: Makes what is raised for an address that may not be reached: of the code `http.blocked_address` or
#: `http.invalid_url` and a message that is safe to show.
Refusal = Callable[[str, str], Exception]


def http_client(allow: AllowList, refusal: Refusal) -> httpx.AsyncClient:
    """A client for all that a process requests on behalf of workflows.

    It takes nothing from the environment (proxies, netrc), keeps no cookies, which would travel between workflows, and
    trusts the certificate authorities of certifi and of the machine. Requests have no time limit of their own but for
    connecting. A refused address is whatever `refusal` makes of it.
    """
    return httpx.AsyncClient(
        transport=_GuardedTransport(allow, refusal),
        trust_env=False,
        cookies=CookieJar(DefaultCookiePolicy(allowed_domains=())),
        timeout=httpx.Timeout(None, connect=CONNECT_TIMEOUT),
        headers={"user-agent": f"gnatwork/{version('gnatwork')}", "accept-encoding": "gzip, deflate"},
    )


class _GuardedTransport(httpx.AsyncHTTPTransport):
    def __init__(self, allow: AllowList, refusal: Refusal) -> None:
        context = httpx.create_ssl_context(trust_env=False)
        context.load_default_certs()
        super().__init__(verify=context)
        # httpx offers no way to pass a network backend; hence its version is pinned.
        self._pool = httpcore.AsyncConnectionPool(
            ssl_context=context,
            max_connections=MAX_CONNECTIONS,
            max_keepalive_connections=MAX_IDLE_CONNECTIONS,
            keepalive_expiry=KEEPALIVE_EXPIRY,
            network_backend=GuardedBackend(allow, refusal),
        )


async def resolve(host: str, port: int) -> list[Address]:
    """Ask the system's resolver, which also reads `2130706433` and `0x7f.1` as addresses."""
    infos = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [parse_address(str(info[4][0])) for info in infos]


class GuardedBackend(httpcore.AsyncNetworkBackend):
    """Connects to permitted addresses only."""

    def __init__(self, allow: AllowList, refusal: Refusal, resolver: Resolver = resolve) -> None:
        self._allow = allow
        self._refusal = refusal
        self._resolve = resolver
        self._inner = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[SocketOption] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Connect to the first address of the host that answers.

        Raises:
            Exception: What `refusal` makes of `http.blocked_address`, if any of the host's addresses is not
                permitted, and of `http.invalid_url`.
            httpcore.ConnectError: No address, or none that answers.
            httpcore.ConnectTimeout: None answered in time.
        """
        limit = CONNECT_TIMEOUT if timeout is None else timeout
        deadline = asyncio.get_running_loop().time() + limit
        addresses = await self._permitted(host, port, limit)
        failure: Exception = httpcore.ConnectError(f"{host} has no address")
        for index, address in enumerate(addresses):
            # Each gets its share of the time that is left, so that a silent first one does not hide the rest.
            share = (deadline - asyncio.get_running_loop().time()) / (len(addresses) - index)
            try:
                return await self._inner.connect_tcp(
                    str(address), port, timeout=share, local_address=local_address, socket_options=socket_options
                )
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
        raise failure

    async def _permitted(self, host: str, port: int, limit: float) -> list[Address]:
        if not _HOST.fullmatch(host) or not 0 < port < 65536:
            raise self._refusal("http.invalid_url", f"{host}:{port} can't be reached: there is no such host or port.")
        try:
            async with asyncio.timeout(limit):
                addresses = await self._resolve(host, port)
        except TimeoutError as error:
            raise httpcore.ConnectTimeout(f"{host} could not be resolved in time") from error
        except UnicodeError as error:
            raise self._refusal("http.invalid_url", f"{host} can't be the name of a host.") from error
        except OSError as error:
            raise httpcore.ConnectError(f"{host} could not be resolved") from error
        if not self._allow.permits_host(host) and not all(map(self._allow.permits, addresses)):
            # The address is left out: it would tell what names inside the network resolve to.
            raise self._refusal(
                "http.blocked_address",
                f"{host} is, or resolves to, an address that is not public; list it in GNATWORK_EGRESS_ALLOW if "
                "workflows are meant to reach it.",
            )
        return addresses
