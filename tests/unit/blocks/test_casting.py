from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gnatwork_blocks.casting import CastError, cast


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("5", 5),
        (" 42\n", 42),
        ("-7", -7),
        ("\u22127.5", -7.5),
        ("+3", 3),
        ("1,299", 1299),
        ("$1,299.50", 1299.5),
        ("-$5", -5),
        ("EUR 12.00", 12.0),
        ("12.5 €", 12.5),
        ("(12 comments)", 12),
        ("99%", 99),
        ("007", 7),
        ("12,345,678", 12_345_678),
    ],
)
def test_one_number_is_found(text: str, number: float) -> None:
    found = cast(text, "number")
    assert found == number
    assert type(found) is type(number)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "none",
        "1.299,00",
        "1,5",
        "1,2345",
        "1.2.3",
        "3 of 5",
        "2026-01-05",
        "A-4",
        "1 2",
        ".",
        "-",
        "١٢",
        "9" * 20,
        "9" * 101,
        "1" + " " * 200,
    ],
)
def test_what_could_be_meant_otherwise_is_no_number(text: str) -> None:
    for to in ("number", "integer"):
        with pytest.raises(CastError):
            cast(text, to)


def test_an_integer_has_no_fraction() -> None:
    assert cast("3.00", "integer") == 3
    assert cast("9223372036854775807", "integer") == 2**63 - 1
    for text in ("3.5", "9223372036854775808"):
        with pytest.raises(CastError):
            cast(text, "integer")


@pytest.mark.parametrize("text", ["true", " Yes ", "ON", "1"])
def test_what_is_true(text: str) -> None:
    assert cast(text, "boolean") is True


@pytest.mark.parametrize("text", ["false", "No", " off", "0"])
def test_what_is_false(text: str) -> None:
    assert cast(text, "boolean") is False


@pytest.mark.parametrize("text", ["", "maybe", "2", "y n"])
def test_what_is_neither(text: str) -> None:
    with pytest.raises(CastError):
        cast(text, "boolean")


@given(st.integers(-(2**63) + 1, 2**63 - 1))
def test_every_integer_comes_back(number: int) -> None:
    assert cast(str(number), "integer") == number
    assert cast(f"{number:,}", "number") == number


@given(st.text())
def test_no_text_is_changed_or_breaks(text: str) -> None:
    assert cast(text, "string") == text
    for to in ("number", "integer", "boolean"):
        with suppress(CastError):
            cast(text, to)
