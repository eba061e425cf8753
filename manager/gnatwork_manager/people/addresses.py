"""Where a request comes from, with proxies in between or without."""

from collections.abc import Sequence
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network

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
    address = str(client[0]) if client else ""
    if not trusted or not is_trusted(address, trusted):
        return address
    forwarded = b",".join(value for name, value in scope["headers"] if name == _FORWARDED)
    for hop in reversed(forwarded.decode("latin-1").split(",")):
        if not _is_address(hop.strip()):
            # What comes before was not written by those who are believed.
            break
        address = hop.strip()
        if not is_trusted(address, trusted):
            break
    return address


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


def is_trusted(address: str, trusted: Sequence[Network]) -> bool:
    """Whether an address is that of a proxy that is believed."""
    return _is_address(address) and any(ip_address(address) in network for network in trusted)
