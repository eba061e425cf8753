"""An HTTP client that cannot be led to private addresses.

The guard sits where connections are made: it resolves the name, judges every address it resolves to, and connects to
just those. So it sees what redirects, odd spellings of addresses and changing DNS answers lead to, and nothing of a
refused address is ever contacted.
"""

import asyncio
from collections.abc import Callable, Iterable
from http.cookiejar import CookieJar, DefaultCookiePolicy
from importlib.metadata import version

import httpcore
import httpx

from gnatwork_net.allow_list import Address, AllowList
from gnatwork_net.guard import BlockedAddressError, Guard, InvalidHostError, Resolver, resolve

#: How long making a connection may take, in seconds, over all addresses of a host.
CONNECT_TIMEOUT = 10.0
#: Shorter than the five seconds after which common servers close: a request on a closing connection is lost.
KEEPALIVE_EXPIRY = 3.0
#: As many as an executor runs tasks by default, so that none waits for a connection while its time runs.
MAX_CONNECTIONS = 256
MAX_IDLE_CONNECTIONS = 20

SocketOption = tuple[int, int, int] | tuple[int, int, bytes | bytearray] | tuple[int, int, None, int]
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


class GuardedBackend(httpcore.AsyncNetworkBackend):
    """Connects to permitted addresses only."""

    def __init__(self, allow: AllowList, refusal: Refusal, resolver: Resolver = resolve) -> None:
        self._guard = Guard(allow, resolver)
        self._refusal = refusal
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
        try:
            return await self._guard.permitted(host, port, limit)
        except InvalidHostError as error:
            raise self._refusal("http.invalid_url", str(error)) from error
        except BlockedAddressError as error:
            raise self._refusal("http.blocked_address", str(error)) from error
        except TimeoutError as error:
            raise httpcore.ConnectTimeout(str(error)) from error
        except OSError as error:
            raise httpcore.ConnectError(str(error)) from error
