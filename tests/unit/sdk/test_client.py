"""What the address decides."""

import pytest

from gnatwork import AddressError, Client, ClientError


@pytest.mark.parametrize("address", ["", "127.0.0.1:7400", "ftp://127.0.0.1"])
def test_an_address_of_neither_kind(address: str) -> None:
    with pytest.raises(AddressError, match="neither an http:// nor a nats:// URL"):
        Client(address)


@pytest.mark.parametrize("address", ["http://", "http://[::1", "http://127.0.0.1:port"])
def test_an_address_that_leads_nowhere(address: str) -> None:
    with pytest.raises(AddressError, match=r"is no URL|names no host"):
        Client(address)


async def test_over_nats_it_has_to_be_entered() -> None:
    with pytest.raises(ClientError, match="async with"):
        await Client("nats://127.0.0.1:1").blocks()
