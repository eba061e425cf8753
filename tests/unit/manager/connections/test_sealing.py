"""Sealing: what was sealed opens with its key, for its place, and in no other way."""

import base64

import pytest

from gnatwork_manager.connections.sealing import SealError, SecretKeys, SecretKeysError, generate_key

OLD, NEW = base64.b64encode(b"o" * 32).decode(), base64.b64encode(b"n" * 32).decode()
PLACE = b"default/gh"


def test_what_is_sealed_can_be_opened() -> None:
    keys = SecretKeys.parse(generate_key())
    sealed = keys.seal(b"a secret", PLACE)
    assert b"a secret" not in sealed
    assert keys.open(sealed, PLACE) == b"a secret"


def test_nothing_is_sealed_the_same_way_twice() -> None:
    keys = SecretKeys.parse(generate_key())
    assert keys.seal(b"x", PLACE) != keys.seal(b"x", PLACE)


def test_the_first_key_seals_and_all_open() -> None:
    old = SecretKeys.parse(f"old:{OLD}")
    sealed = old.seal(b"x", PLACE)
    both = SecretKeys.parse(f"new:{NEW}, old:{OLD}")
    assert both.open(sealed, PLACE) == b"x"
    assert not both.is_current(sealed)
    assert both.is_current(both.seal(b"x", PLACE))
    with pytest.raises(SealError, match="no key has the id 'new'"):
        old.open(both.seal(b"x", PLACE), PLACE)


def test_a_sealed_value_opens_only_where_it_belongs() -> None:
    keys = SecretKeys.parse(generate_key())
    with pytest.raises(SealError):
        keys.open(keys.seal(b"x", PLACE), b"other/gh")


@pytest.mark.parametrize("place", [10, -1])
def test_a_changed_value_does_not_open(place: int) -> None:
    keys = SecretKeys.parse(f"k:{OLD}")
    sealed = bytearray(keys.seal(b"some text", PLACE))
    sealed[place] = ord("A") if sealed[place] != ord("A") else ord("B")
    with pytest.raises(SealError):
        keys.open(bytes(sealed), PLACE)


@pytest.mark.parametrize(
    "sealed", [b"", b"gw2.k.AAAA", b"gw1.k", b"gw1.k.", b"gw1.k.AAAA", b"gw1.k.***", b"\xff.\xff.\xff"]
)
def test_what_is_no_sealed_value_does_not_open(sealed: bytes) -> None:
    with pytest.raises(SealError):
        SecretKeys.parse(f"k:{OLD}").open(sealed, PLACE)


def test_the_same_id_with_another_key_does_not_open() -> None:
    sealed = SecretKeys.parse(f"k:{OLD}").seal(b"x", PLACE)
    with pytest.raises(SealError, match="another one"):
        SecretKeys.parse(f"k:{NEW}").open(sealed, PLACE)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "entry 1 is not of the form"),
        ("just-a-key", "entry 1 is not of the form"),
        ("k:not base64!", "entry 1 is not base64"),
        (f"k:{OLD},", "entry 2 is not of the form"),
        (f"k:{OLD},k:{NEW}", "'k' is there twice"),
        (f"k:{base64.b64encode(b'short').decode()}", "has 5 bytes and needs 32"),
        (f"a b:{OLD}", "entry 1 has to be 1 to 32 letters"),
        (f":{OLD}", "entry 1 has to be 1 to 32 letters"),
    ],
)
def test_wrong_keys_are_refused_with_the_reason(text: str, reason: str) -> None:
    with pytest.raises(SecretKeysError, match=reason):
        SecretKeys.parse(text)


def test_the_reason_never_shows_a_key() -> None:
    for text in (OLD, f"k:{OLD}!", f"k:{OLD},k:{OLD}", f"k:{OLD[:20]}", f"{OLD}:{OLD}"):
        with pytest.raises(SecretKeysError) as caught:
            SecretKeys.parse(text)
        assert OLD[:20] not in str(caught.value)
