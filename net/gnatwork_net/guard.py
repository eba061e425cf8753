"""From the name of a host to the addresses that may be reached."""

import asyncio
import re
import socket
from collections.abc import Awaitable, Callable

from gnatwork_net.allow_list import Address, AllowList, parse_address

# Names as the resolver takes them, and addresses; URL parsers let through what no host can be called.
_HOST = re.compile(r"[A-Za-z0-9_.-]{1,255}|[0-9A-Fa-f]*:[0-9A-Fa-f:.]*(%[\w.-]+)?")

#: Host and port to addresses; OSError when there are none.
Resolver = Callable[[str, int], Awaitable[list[Address]]]


class InvalidHostError(Exception):
    """There is no such host or port; its text is safe to show."""


class BlockedAddressError(Exception):
    """The host is, or resolves to, an address that may not be reached; its text is safe to show."""


async def resolve(host: str, port: int) -> list[Address]:
    """Ask the system's resolver, which also reads `2130706433` and `0x7f.1` as addresses."""
    infos = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [parse_address(str(info[4][0])) for info in infos]


class Guard:
    """Judges every address that a name resolves to. Whoever connects has to connect to one of those, not to the name.

    Args:
        allow: What may be reached beside public addresses.
        resolver: Who is asked for addresses.
    """

    def __init__(self, allow: AllowList, resolver: Resolver = resolve) -> None:
        self._allow = allow
        self._resolve = resolver

    def lists(self, host: str) -> bool:
        """Whether the name itself is permitted, whatever it resolves to."""
        return self._allow.permits_host(host)

    async def permitted(self, host: str, port: int, limit: float) -> list[Address]:
        """The addresses of a host, in the order of the resolver, at least one; asking takes at most `limit` seconds.

        Raises:
            InvalidHostError: Nothing can be called so.
            BlockedAddressError: Any of the addresses is not permitted; the message does not tell which.
            TimeoutError: The resolver did not answer in time.
            OSError: There is no address.
        """
        if not _HOST.fullmatch(host) or not 0 < port < 65536:
            raise InvalidHostError(f"{host}:{port} can't be reached: there is no such host or port.")
        try:
            async with asyncio.timeout(limit):
                addresses = await self._resolve(host, port)
        except TimeoutError as error:
            raise TimeoutError(f"{host} could not be resolved in time") from error
        except UnicodeError as error:
            raise InvalidHostError(f"{host} can't be the name of a host.") from error
        except OSError as error:
            raise OSError(f"{host} could not be resolved") from error
        if not addresses:
            raise OSError(f"{host} has no address")
        if not self._allow.permits_host(host) and not all(map(self._allow.permits, addresses)):
            # The address is left out: it would tell what names inside the network resolve to.
            raise BlockedAddressError(
                f"{host} is, or resolves to, an address that is not public; list it in GNATWORK_EGRESS_ALLOW if "
                "workflows are meant to reach it."
            )
        return addresses

    async def connect(self, host: str, port: int, limit: float) -> socket.socket:
        """A socket that is connected to the first address of the host that answers; it does not block.

        Raises:
            InvalidHostError: As `permitted`.
            BlockedAddressError: As `permitted`.
            TimeoutError: None answered within `limit` seconds.
            OSError: There is no address, or none that takes connections.
        """
        loop = asyncio.get_running_loop()
        deadline = loop.time() + limit
        addresses = await self.permitted(host, port, limit)
        failure: Exception = OSError(f"{host} has no address")
        for index, address in enumerate(addresses):
            connection = socket.socket(socket.AF_INET6 if address.version == 6 else socket.AF_INET)
            connection.setblocking(False)
            try:
                # Each gets its share of the time that is left, so that a silent first one does not hide the rest.
                async with asyncio.timeout((deadline - loop.time()) / (len(addresses) - index)):
                    await loop.sock_connect(connection, (str(address), port))
            except OSError as error:
                connection.close()
                failure = error
            except BaseException:
                connection.close()
                raise
            else:
                return connection
        raise failure
