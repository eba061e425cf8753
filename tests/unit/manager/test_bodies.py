from typing import Any

import orjson
import pytest

from gnatwork_manager.bodies import MAX_DEPTH, encode_bounded, parse_json
from gnatwork_manager.problems import ProblemError


def nested(depth: int) -> Any:
    value: Any = 1
    for _ in range(depth):
        value = [value]
    return value


def test_parses_json() -> None:
    assert parse_json('{"a": ["ä", 1.5, null]}'.encode()) == {"a": ["ä", 1.5, None]}


@pytest.mark.parametrize(
    ("body", "place"),
    [
        (b"", "empty"),
        (b"{", "line 1, column 2"),
        (b'{"a":\n nope}', "line 2"),
        (b"\xff\xfe", "line 1"),
        (b'{"a": NaN}', "line 1"),
        (b"[" * 2000 + b"]" * 2000, "line 1"),
    ],
)
def test_what_is_no_json_is_told_its_place(body: bytes, place: str) -> None:
    with pytest.raises(ProblemError) as caught:
        parse_json(body)
    assert caught.value.code == "request.invalid_json"
    assert place in caught.value.detail


def test_values_up_to_the_bound_are_written() -> None:
    for value in (None, "x", {"a": [1, {"b": []}]}, nested(MAX_DEPTH)):
        assert encode_bounded(value, "/input") == orjson.dumps(value)


def test_deeper_values_are_refused_at_their_place() -> None:
    for depth in (MAX_DEPTH + 1, 300, 1000):
        with pytest.raises(ProblemError) as caught:
            encode_bounded(nested(depth), "/input")
        assert caught.value.errors[0].pointer == "/input"
