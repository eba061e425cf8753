"""Allowances, addresses, credentials and tokens: all without a clock and a network."""

import pytest

from gnatwork_manager.people import opaque
from gnatwork_manager.people.access_tokens import AccessClaims, sign, verify
from gnatwork_manager.people.addresses import caller_address, parse_networks
from gnatwork_manager.people.allowance import Allowance
from gnatwork_manager.people.records import email_digest
from gnatwork_manager.problems import ProblemError

PROXIES = parse_networks("10.0.0.0/8, fd00::/8")


def test_so_many_tries_at_once_and_then_one_in_a_while() -> None:
    allowance, empty_at, now = Allowance(burst=3, every=10.0), 0.0, 1000.0
    for _ in range(3):
        after = allowance.take(empty_at, now)
        assert after is not None
        empty_at = after
    assert allowance.take(empty_at, now) is None
    assert allowance.wait(empty_at, now) == 10.0
    assert allowance.take(empty_at, now + 9.9) is None
    assert allowance.take(empty_at, now + 10) == empty_at + 10
    assert allowance.take(allowance.give_back(empty_at), now) == empty_at
    assert allowance.take(empty_at, now + allowance.memory) == now + allowance.memory + 10


@pytest.mark.parametrize(
    ("peer", "forwarded", "found"),
    [
        ("203.0.113.9", "198.51.100.1", "203.0.113.9"),
        ("10.1.1.1", "198.51.100.1", "198.51.100.1"),
        ("10.1.1.1", "1.2.3.4, 198.51.100.1", "198.51.100.1"),
        ("10.1.1.1", "198.51.100.1, 10.2.2.2", "198.51.100.1"),
        ("10.1.1.1", "10.3.3.3, 10.2.2.2", "10.3.3.3"),
        ("10.1.1.1", "198.51.100.1, rubbish", "10.1.1.1"),
        ("10.1.1.1", "198.51.100.1, rubbish, 10.2.2.2", "10.2.2.2"),
        ("fd00::1", "2001:db8::7", "2001:db8::7"),
        ("10.1.1.1", None, "10.1.1.1"),
    ],
)
def test_a_proxy_is_believed_if_it_is_trusted_and_as_far_as_it_has_written(
    peer: str, forwarded: str | None, found: str
) -> None:
    headers = [] if forwarded is None else [(b"x-forwarded-for", forwarded.encode())]
    scope = {"type": "http", "client": (peer, 1234), "headers": headers}
    assert caller_address(scope, PROXIES) == found
    assert caller_address(scope, ()) == peer


def test_ipv4_on_a_socket_of_both_families_is_ipv4() -> None:
    headers = [(b"x-forwarded-for", b"::ffff:198.51.100.1")]
    scope = {"type": "http", "client": ("::ffff:10.1.1.1", 1234), "headers": headers}
    assert caller_address(scope, PROXIES) == "198.51.100.1"
    # Otherwise all who call by IPv4 would count as one, and lock each other out.
    assert caller_address(scope, ()) == "10.1.1.1"


def test_a_request_from_nowhere() -> None:
    assert not caller_address({"type": "http", "client": None, "headers": []}, PROXIES)


@pytest.mark.parametrize("text", ["10.0.0.1/8", "host", "10.0.0.0/33"])
def test_what_is_no_network(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        parse_networks(text)


def test_a_credential_and_what_is_stored_of_it() -> None:
    made = opaque.make(opaque.API_KEY)
    read = opaque.parse(opaque.API_KEY, str(made).encode())
    assert read == made
    assert made.secret not in made.digest
    assert made.matches(made.digest)
    assert not made._replace(secret=opaque.make(opaque.API_KEY).secret).matches(made.digest)
    assert opaque.parse(opaque.REFRESH_TOKEN, str(made).encode()) is None
    for text in ("", "gnat_", f"{made}x", f"x{made}", str(made).upper(), "a.b.c"):
        assert opaque.parse(opaque.API_KEY, text.encode()) is None


def test_an_access_token_says_what_was_signed() -> None:
    claims = AccessClaims("person", "session", 3, 1900.0)
    key = b"k" * 32
    token = sign(claims, key, 1000.0)
    assert verify(token.encode(), key) == claims
    head, body, signature = token.split(".")
    for other in (f"{head}.{body}.{signature[:-2]}xx", f"{head}.{body[:-2]}xx.{signature}", "", "a.b.c"):
        with pytest.raises(ProblemError, match=r"auth\.invalid"):
            verify(other.encode(), key)
    with pytest.raises(ProblemError, match=r"auth\.invalid"):
        verify(token.encode(), b"o" * 32)


def test_addresses_that_are_taken_for_one() -> None:
    assert len({email_digest(text) for text in ("Ada@Example.org", " ada@example.org ", "ADA@EXAMPLE.ORG")}) == 1
    assert email_digest("ada@example.org") != email_digest("ada@example.com")
