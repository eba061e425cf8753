"""What `gnatwork` offers is what we promise to keep."""

import gnatwork


def test_the_public_names() -> None:
    assert set(gnatwork.__all__) == {
        "Address",
        "AddressError",
        "Block",
        "BlockContext",
        "BlockError",
        "Client",
        "ClientError",
        "Credentials",
        "Login",
        "EventKind",
        "LogLevel",
        "LogLine",
        "Page",
        "RequestError",
        "RunError",
        "RunEvent",
        "RunHandle",
        "UnreachableError",
        "find_address",
    }
    assert all(hasattr(gnatwork, name) for name in gnatwork.__all__)
