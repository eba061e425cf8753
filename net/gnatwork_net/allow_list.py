"""What may be reached on behalf of workflows: public addresses, and those that `GNATWORK_EGRESS_ALLOW` lists."""

import re
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Self

from gnatwork_schemas.errors import GnatworkError

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

_HOST = re.compile(r"(?=.{1,253}$)[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?)*")

# `is_global` differs between Python versions and leaves these out (IANA special-purpose registries, 2025):
# protocol assignments, 6to4 relays; documentation, and 6to4, whose embedded address could be anything.
_NOT_PUBLIC: tuple[Network, ...] = tuple(
    ip_network(network) for network in ("192.0.0.0/24", "192.88.99.0/24", "3fff::/20", "2002::/16")
)
#: All that has been given out for global unicast; the rest of IPv6 is for other uses.
_GLOBAL_UNICAST = IPv6Network("2000::/3")
#: NAT64 (RFC 6052): how a network without IPv4 reaches the IPv4 address in the last 32 bits.
_NAT64 = IPv6Network("64:ff9b::/96")


class AllowListError(GnatworkError):
    """`GNATWORK_EGRESS_ALLOW` can't be read; list CIDRs, addresses or host names, separated by commas."""


@dataclass(frozen=True, slots=True)
class AllowList:
    """Networks and host names that may be reached although they are not public."""

    networks: tuple[Network, ...] = ()
    #: Lower case, as in a URL: international names in their `xn--` form. Whatever they resolve to is permitted.
    hosts: frozenset[str] = frozenset()

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `10.1.0.0/16, 127.0.0.1, ::1, intranet.example`; an empty text lists nothing.

        Raises:
            AllowListError: An entry is none of these.
        """
        networks: list[Network] = []
        hosts: set[str] = set()
        for entry in (part.strip() for part in text.split(",")):
            if not entry:
                continue
            name = entry.lower().rstrip(".")
            if network := _network(entry):
                networks.append(network)
            elif _HOST.fullmatch(name) and not re.fullmatch(r"[0-9.]+", name):
                hosts.add(name)
            else:
                raise AllowListError(
                    f"{entry!r} is neither a CIDR, an address nor a host name (without port or scheme)"
                )
        return cls(tuple(networks), frozenset(hosts))

    def permits_host(self, host: str) -> bool:
        """Whether the name itself is listed."""
        return host.lower().rstrip(".") in self.hosts

    def permits(self, address: Address) -> bool:
        """Whether a connection to this address may be made: it is public, or listed."""
        if any(address in network for network in self.networks):
            return True
        if isinstance(address, IPv6Address) and (embedded := _embedded(address)):
            return self.permits(embedded)
        return _is_public(address)


def parse_address(text: str) -> Address:
    """The address, without its zone (`fe80::1%eth0`)."""
    return ip_address(text.partition("%")[0])


def _network(entry: str) -> Network | None:
    try:
        return ip_network(entry)
    except ValueError as error:
        if "host bits" in str(error):
            raise AllowListError(f"{entry!r} has host bits set; write {ip_network(entry, strict=False)}") from None
        return None


def _embedded(address: IPv6Address) -> IPv4Address | None:
    """The IPv4 address that is really reached."""
    if address in _NAT64:
        return IPv4Address(address.packed[-4:])
    return address.ipv4_mapped


def _is_public(address: Address) -> bool:
    if isinstance(address, IPv6Address) and address not in _GLOBAL_UNICAST:
        return False
    if any(address in network for network in _NOT_PUBLIC):
        return False
    return address.is_global and not address.is_multicast
