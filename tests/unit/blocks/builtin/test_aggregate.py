from typing import Any

import pytest

from gnatwork_blocks.builtin.aggregate import Aggregate
from gnatwork_blocks.sdk import BlockContext, BlockError
from gnatwork_blocks.testing import run_block

ORDERS = [
    {"id": 1, "to": {"country": "PT"}, "price": 20, "tag": "a", "lines": [{"sku": "x"}]},
    {"id": 2, "to": {"country": "ES"}, "price": 15.5, "tag": None},
    {"id": 3, "to": {"country": "PT"}, "price": 100, "tag": "b"},
    {"id": 4, "price": None, "tag": "a"},
]


async def aggregate(ctx: BlockContext, items: Any = ORDERS, **config: Any) -> Any:
    return await run_block(Aggregate, {"items": items, **config}, ctx)


async def refused(ctx: BlockContext, items: Any = ORDERS, **config: Any) -> BlockError:
    with pytest.raises(BlockError) as caught:
        await aggregate(ctx, items, **config)
    return caught.value


@pytest.mark.parametrize(
    ("figure", "value"),
    [
        ({"op": "count"}, 4),
        ({"op": "count", "of": "tag"}, 3),
        ({"op": "sum", "of": "price"}, 135.5),
        ({"op": "average", "of": "id"}, 2.5),
        ({"op": "min", "of": "price"}, 15.5),
        ({"op": "max", "of": "price"}, 100),
        ({"op": "max", "of": "tag"}, "b"),
        ({"op": "first", "of": "tag"}, "a"),
        ({"op": "last", "of": "price"}, 100),
        ({"op": "collect", "of": "tag"}, ["a", "b", "a"]),
        ({"op": "distinct", "of": "tag"}, ["a", "b"]),
        ({"op": "distinct", "of": "to.country"}, ["PT", "ES"]),
        ({"op": "collect", "of": "lines[0].sku"}, ["x"]),
        ({"op": "sum", "of": "nowhere"}, 0),
        ({"op": "average", "of": "nowhere"}, None),
        ({"op": "min", "of": "nowhere"}, None),
        ({"op": "first", "of": "nowhere"}, None),
    ],
)
async def test_figures_leave_out_what_is_missing(ctx: BlockContext, figure: Any, value: Any) -> None:
    assert await aggregate(ctx, calculate={"it": figure}) == {"it": value}


async def test_figures_of_plain_values(ctx: BlockContext) -> None:
    figures = {"sum": {"op": "sum"}, "all": {"op": "collect"}}
    assert await aggregate(ctx, [1, 2, None, 3], calculate=figures) == {"sum": 6, "all": [1, 2, 3]}


async def test_sums_are_exact_and_stay_numbers(ctx: BlockContext) -> None:
    total = {"it": {"op": "sum"}}
    assert await aggregate(ctx, [0.1] * 10, calculate=total) == {"it": 1.0}
    assert await aggregate(ctx, [2**53, 1], calculate=total) == {"it": 2**53 + 1}
    assert await aggregate(ctx, [2**63 - 1, 2**63 - 1], calculate=total) == {"it": float(2**64)}
    assert (await refused(ctx, [1e308, 1e308], calculate=total)).code == "aggregate.not_a_number"


async def test_groups_come_in_the_order_of_their_first_items(ctx: BlockContext) -> None:
    rows = await aggregate(
        ctx, group_by="to.country", calculate={"n": {"op": "count"}, "total": {"op": "sum", "of": "price"}}
    )
    assert rows == [
        {"country": "PT", "n": 2, "total": 120},
        {"country": "ES", "n": 1, "total": 15.5},
        {"country": None, "n": 1, "total": 0},
    ]


async def test_groups_by_several_paths_with_names_of_their_own(ctx: BlockContext) -> None:
    rows = await aggregate(ctx, group_by={"where": "to.country", "mark": "tag"}, sort=["where", "-mark"])
    assert rows == [
        {"where": "ES", "mark": None},
        {"where": "PT", "mark": "b"},
        {"where": "PT", "mark": "a"},
        {"where": None, "mark": "a"},
    ]


async def test_one_is_one_point_zero_but_not_true(ctx: BlockContext) -> None:
    items = [1, 1.0, True, "1", [1, {"a": 1, "b": 2}], [1.0, {"b": 2, "a": 1}], None, None, False, 0]
    assert await aggregate(ctx, items, distinct=True) == [1, True, "1", [1, {"a": 1, "b": 2}], None, False, 0]


async def test_the_first_of_those_that_are_the_same_at_paths_stays(ctx: BlockContext) -> None:
    assert [one["id"] for one in await aggregate(ctx, distinct="tag")] == [1, 2, 3]
    assert [one["id"] for one in await aggregate(ctx, distinct=["tag", "price"])] == [1, 2, 3, 4]


@pytest.mark.parametrize(
    ("sort", "ids"),
    [
        ("price", [2, 1, 3, 4]),
        ("-price", [3, 1, 2, 4]),
        (["-tag", "id"], [3, 1, 4, 2]),
        ([{"by": "tag", "descending": False}, "-id"], [4, 1, 3, 2]),
        ("to.country", [2, 1, 3, 4]),
    ],
)
async def test_what_is_missing_comes_last_either_way(ctx: BlockContext, sort: Any, ids: list[int]) -> None:
    assert [one["id"] for one in await aggregate(ctx, sort=sort)] == ids


async def test_the_best_of_groups(ctx: BlockContext) -> None:
    total = {"total": {"op": "sum", "of": "price"}}
    assert await aggregate(ctx, group_by="to.country", calculate=total, sort="-total", limit=1) == [
        {"country": "PT", "total": 120}
    ]


@pytest.mark.parametrize(
    ("config", "values"),
    [
        ({"limit": 2}, [1, 2]),
        ({"offset": 3}, [4]),
        ({"offset": 1, "limit": 2}, [2, 3]),
        ({"limit": 0}, []),
        ({}, [1, 2, 3, 4]),
    ],
)
async def test_a_part_of_the_items(ctx: BlockContext, config: Any, values: list[int]) -> None:
    assert await aggregate(ctx, [1, 2, 3, 4], **config) == values


async def test_nothing_comes_of_nothing(ctx: BlockContext) -> None:
    assert await aggregate(ctx, [], group_by="a", calculate={"n": {"op": "count"}}, sort="n", distinct=True) == []
    assert await aggregate(ctx, [], calculate={"n": {"op": "count"}}) == {"n": 0}


async def test_names_that_are_no_words(ctx: BlockContext) -> None:
    items = [{"Unit price": 3, "größe": 1}, {"Unit price": 4}]
    figures = {"a": {"op": "sum", "of": '["Unit price"]'}, "b": {"op": "sum", "of": "größe"}}
    assert await aggregate(ctx, items, calculate=figures) == {"a": 7, "b": 1}


@pytest.mark.parametrize(
    ("items", "config", "code", "index"),
    [
        ([{"p": 1}, {"p": "2"}], {"calculate": {"it": {"op": "sum", "of": "p"}}}, "aggregate.not_a_number", 1),
        ([{"p": 1}, {"p": True}], {"calculate": {"it": {"op": "average", "of": "p"}}}, "aggregate.not_a_number", 1),
        ([{"p": 1}, {"p": "2"}], {"calculate": {"it": {"op": "max", "of": "p"}}}, "aggregate.not_comparable", 1),
        ([{"p": 1}, {"p": None}, {"p": "2"}], {"sort": "p"}, "aggregate.not_comparable", 2),
        ([{"p": []}], {"sort": "p"}, "aggregate.not_comparable", 0),
        ([{"p": True}, {"p": 1}], {"sort": "p"}, "aggregate.not_comparable", 1),
    ],
)
async def test_what_does_not_go_together_is_named(
    ctx: BlockContext, items: Any, config: Any, code: str, index: int
) -> None:
    error = await refused(ctx, items, **config)
    assert error.code == code
    assert error.details == {"index": index, "path": "p"}
    assert f"item {index}" in error.message


async def test_in_a_group_the_index_is_that_of_the_item(ctx: BlockContext) -> None:
    items = [{"g": 1, "p": 1}, {"g": 2, "p": "x"}]
    error = await refused(ctx, items, group_by="g", calculate={"it": {"op": "sum", "of": "p"}})
    assert error.details == {"index": 1, "path": "p"}


@pytest.mark.parametrize(
    "config",
    [
        {"items": {}},
        {"items": [], "group_by": "a..b"},
        {"items": [], "group_by": ".a"},
        {"items": [], "group_by": ["x.a", "y.a"]},
        {"items": [], "group_by": {}},
        {"items": [], "group_by": "a", "calculate": {"a": {"op": "count"}}},
        {"items": [], "calculate": {"a": {"op": "median"}}},
        {"items": [], "calculate": {"a": {"op": "count"}}, "limit": 1},
        {"items": [], "calculate": {"a": {"op": "count"}}, "sort": "a"},
        {"items": [], "limit": -1},
        {"items": [], "sort": [{"by": "a", "order": "desc"}]},
    ],
)
async def test_a_bad_config_is_told(ctx: BlockContext, config: Any) -> None:
    with pytest.raises(BlockError) as caught:
        await run_block(Aggregate, config, ctx)
    assert caught.value.code == "block.config_invalid"
