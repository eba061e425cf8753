from typing import Any

import pytest

from gnatwork_blocks.builtin.split import Split
from gnatwork_blocks.sdk import BlockContext, BlockError
from gnatwork_blocks.testing import run_block

ORDERS = [
    {"id": 1, "to": {"name": "Ada"}, "lines": [{"sku": "a"}, {"sku": "b"}]},
    {"id": 2, "lines": []},
    {"id": 3},
    {"id": 4, "lines": {"sku": "c"}},
    {"id": 5, "lines": ["d"]},
]


@pytest.mark.parametrize(
    ("config", "parts"),
    [
        ({"items": [1, 2, 3, 4, 5], "size": 2}, [[1, 2], [3, 4], [5]]),
        ({"items": [1, 2], "size": 2}, [[1, 2]]),
        ({"items": [], "size": 2}, []),
        ({"items": ORDERS, "path": "lines"}, [{"sku": "a"}, {"sku": "b"}, {"sku": "c"}, "d"]),
        ({"items": ORDERS, "path": "lines", "size": 3}, [[{"sku": "a"}, {"sku": "b"}, {"sku": "c"}], ["d"]]),
        (
            {"items": ORDERS, "path": "lines", "keep": ["id", "to.name"]},
            [
                {"id": 1, "name": "Ada", "sku": "a"},
                {"id": 1, "name": "Ada", "sku": "b"},
                {"id": 4, "name": None, "sku": "c"},
                {"id": 5, "name": None, "lines": "d"},
            ],
        ),
        ({"items": [[1, 2], [3]], "path": "."}, [1, 2, 3]),
        ({"text": "a\n b \n\n c"}, ["a", "b", "c"]),
        ({"text": "a, b,,c", "separator": ","}, ["a", "b", "c"]),
        ({"text": "a, b,,c", "separator": ",", "trim": False}, ["a", " b", "", "c"]),
        ({"text": "a--b", "separator": "--"}, ["a", "b"]),
        ({"text": ""}, []),
        ({"text": "a b c", "separator": " ", "size": 2}, [["a", "b"], ["c"]]),
        ({"object": {"a": 1, "b": [2]}}, [{"key": "a", "value": 1}, {"key": "b", "value": [2]}]),
        ({"object": {}}, []),
    ],
)
async def test_it_yields_an_array(ctx: BlockContext, config: Any, parts: list[Any]) -> None:
    assert await run_block(Split, config, ctx) == parts


@pytest.mark.parametrize(
    "config",
    [
        {},
        {"items": [1]},
        {"items": [1], "size": 0},
        {"items": [1], "text": "a", "size": 1},
        {"items": [1], "size": 1, "separator": ","},
        {"items": [1], "size": 1, "keep": ["id"]},
        {"items": "abc", "size": 1},
        {"text": "a", "separator": ""},
        {"text": "a", "path": "b"},
        {"object": [1]},
    ],
)
async def test_a_bad_config_is_told(ctx: BlockContext, config: Any) -> None:
    with pytest.raises(BlockError) as caught:
        await run_block(Split, config, ctx)
    assert caught.value.code == "block.config_invalid"
