from ipaddress import IPv4Address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gnatwork_net.allow_list import AllowList, AllowListError, parse_address

NOT_PUBLIC = [
    "0.0.0.0",  # noqa: S104 - as a target
    "10.0.0.1",
    "100.64.0.1",
    "127.0.0.1",
    "127.255.255.254",
    "169.254.169.254",
    "172.16.0.1",
    "172.31.255.255",
    "192.0.0.8",
    "192.0.2.1",
    "192.88.99.1",
    "192.168.1.1",
    "198.18.0.1",
    "224.0.0.1",
    "239.255.255.250",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::127.0.0.1",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "::ffff:0:127.0.0.1",
    "64:ff9b::7f00:1",
    "64:ff9b::a00:1",
    "64:ff9b:1::1",
    "2001::1",
    "2001:0:7f00:1::",
    "2001:db8::1",
    "2002:7f00:1::1",
    "2002:808:808::1",
    "3fff::1",
    "fc00::1",
    "fd00:ec2::254",
    "fe80::1",
    "fe80::1%eth0",
    "fec0::1",
    "ff02::1",
]
PUBLIC = ["8.8.8.8", "1.1.1.1", "172.32.0.1", "2606:4700:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"]


@pytest.mark.parametrize("address", NOT_PUBLIC)
def test_what_is_not_public_is_refused(address: str) -> None:
    assert not AllowList().permits(parse_address(address))


@pytest.mark.parametrize("address", PUBLIC)
def test_what_is_public_is_permitted(address: str) -> None:
    assert AllowList().permits(parse_address(address))


def test_what_is_listed_is_permitted_and_nothing_else() -> None:
    allow = AllowList.parse(" 10.1.0.0/16, 127.0.0.1,::1 ,Intranet.Example., _srv.local,")
    for address in ("10.1.2.3", "127.0.0.1", "::1", "::ffff:10.1.2.3", "64:ff9b::7f00:1"):
        assert allow.permits(parse_address(address)), address
    for address in ("10.2.0.1", "127.0.0.2", "::2"):
        assert not allow.permits(parse_address(address)), address
    for host in ("intranet.example", "INTRANET.example.", "_srv.local"):
        assert allow.permits_host(host), host
    for host in ("example", "a.intranet.example", "intranet.example.com", ""):
        assert not allow.permits_host(host), host


def test_an_empty_text_lists_nothing() -> None:
    assert AllowList.parse("") == AllowList.parse(" , ") == AllowList()


@pytest.mark.parametrize(
    "entry", ["http://intranet", "intranet:8080", "10.0.0.256", "10.0.0.0/33", "10.0", "a b", "*.local", "-a", "[::1]"]
)
def test_an_entry_that_is_neither_is_named(entry: str) -> None:
    with pytest.raises(AllowListError) as caught:
        AllowList.parse(f"127.0.0.1,{entry}")
    assert repr(entry) in str(caught.value)
    assert "GNATWORK_EGRESS_ALLOW" in str(caught.value)


def test_host_bits_are_an_error_that_says_what_to_write() -> None:
    with pytest.raises(AllowListError, match=r"10\.1\.0\.0/16"):
        AllowList.parse("10.1.2.3/16")


@given(st.ip_addresses(v=4))
def test_an_address_in_disguise_is_judged_as_what_it_is(address: IPv4Address) -> None:
    plain = AllowList().permits(address)
    assert AllowList().permits(parse_address(f"::ffff:{address}")) == plain
    assert AllowList().permits(parse_address(f"64:ff9b::{address}")) == plain
