from collections.abc import Callable
from typing import Any

import pytest

from gnatwork_blocks.computing import SMALL, computed
from gnatwork_blocks.testing import Recorder


@pytest.mark.parametrize(
    ("source", "elsewhere"),
    [
        (None, False),
        ([1] * 100, False),
        ("x" * (SMALL - 2), False),
        ("x" * (SMALL + 1), True),
        ("€" * (SMALL - 2), True),
        ([{"a": "x" * SMALL}], True),
        ([None] * 10_000, True),
        ({"a": ["x" * SMALL]}, True),
    ],
)
async def test_only_what_is_large_goes_to_another_process(source: Any, elsewhere: bool) -> None:
    asked: list[Any] = []

    async def compute(function: Callable[[Any], Any], value: Any) -> Any:
        asked.append(function)
        return function(value)

    assert await computed(Recorder().context(computer=compute), str, 7, source) == "7"
    assert bool(asked) is elsewhere
