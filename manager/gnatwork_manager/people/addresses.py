"""Where a request comes from, with proxies in between or without."""

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from starlette.types import Scope

Network = IPv4Network | IPv6Network

_FORWARDED = b"x-forwarded-for"


def parse_networks(text: str) -> tuple[Network, ...]:
    """CIDRs, separated by commas; ValueError for anything else."""
    return tuple(ip_network(part.strip()) for part in text.split(",") if part.strip())


def caller_address(scope: Scope, trusted: Sequence[Network]) -> str:
    """The address of whoever sent a request; empty when there is none.

    What `X-Forwarded-For` says is believed as far as trusted proxies have written it: the header is read from its end,
    up to the first address that is none of theirs.
    """
    client = scope.get("client")
    address = _plain(str(client[0])) if client else ""
    if not trusted or not is_trusted(address, trusted):
        return address
    forwarded = b",".join(value for name, value in scope["headers"] if name == _FORWARDED)
    for hop in reversed(forwarded.decode("latin-1").split(",")):
        if _parsed(hop.strip()) is None:
            # What comes before was not written by those who are believed.
            break
        address = _plain(hop.strip())
        if not is_trusted(address, trusted):
            break
    return address


def is_trusted(address: str, trusted: Sequence[Network]) -> bool:
    """Whether an address is that of a proxy that is believed."""
    parsed = _parsed(address)
    return parsed is not None and any(parsed in network for network in trusted)


def _parsed(text: str) -> IPv4Address | IPv6Address | None:
    try:
        address = ip_address(text)
    except ValueError:
        return None
    # On a socket of both families, callers by IPv4 look as if they came from one network of IPv6.
    return (address.ipv4_mapped or address) if isinstance(address, IPv6Address) else address


def _plain(text: str) -> str:
    parsed = _parsed(text)
    return text if parsed is None else str(parsed)
