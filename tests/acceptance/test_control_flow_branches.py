"""Where a run goes on: conditions, switches, filters, `when`, joins, and what JavaScript makes of values."""

from typing import Any

import pytest
from support.running import block, ended, noop, run_of, statuses

from gnatwork import Client

ORDER = noop("order", config={"total": 120, "lines": [{"price": 20}, {"price": 100}]})
LARGE = block("large", "condition", {"if": "order.total > input"})


@pytest.mark.parametrize(("limit", "output"), [(100, {"yes": {}}), (200, {"no": {}})])
async def test_a_condition_takes_one_of_two_ports(client: Client, limit: int, output: Any) -> None:
    done = await run_of(client, ORDER, LARGE, noop("yes", "large.true"), noop("no", "large.false"), value=limit)
    assert done.output == output


SIZES = {"cases": {"large": "input > 1000", "medium": "input > 100"}, "default": "small"}
COUNTRIES = {"on": "input", "cases": {"home": "PT", "near": "ES", "answer": 42}}


@pytest.mark.parametrize(
    ("config", "value", "taken"),
    [
        (SIZES, 2000, "large"),
        (SIZES, 200, "medium"),
        (SIZES, 2, "small"),
        (COUNTRIES, "ES", "near"),
        (COUNTRIES, 42, "answer"),
        (COUNTRIES, "FR", None),
    ],
)
async def test_a_switch_takes_the_port_of_its_case(
    client: Client, config: dict[str, Any], value: Any, taken: str | None
) -> None:
    ports = [*config["cases"], *([config["default"]] if "default" in config else [])]
    behind = [noop(f"at-{port}", f"way.{port}") for port in ports]
    done = await run_of(client, block("way", "switch", config), *behind, value=value, output="{{ way.port }}")
    assert done.output == taken
    found = await statuses(done.run)
    assert {name for name, status in found.items() if status == "completed"} - {"way"} == (
        {f"at-{taken}"} if taken else set()
    )


async def test_a_filter_ends_a_branch_and_no_other(client: Client) -> None:
    done = await run_of(
        client,
        block("cheap", "filter", {"if": "input < 50"}),
        noop("ship", "cheap"),
        noop("track", "ship"),
        noop("note"),
        noop("end", "track", "note"),
        value=99,
    )
    assert done.output == {"end": {}}
    found = await statuses(done.run)
    assert [found[name] for name in ("cheap", "ship", "track", "note")] == [
        "completed",
        "skipped",
        "skipped",
        "completed",
    ]


async def test_when_asks_ahead_of_its_block(client: Client) -> None:
    done = await run_of(
        client,
        ORDER,
        noop("gift", when="order.lines.some(line => line.price > 50)", config="a pen for {{ order.total }}"),
        noop("bill", when="order.total > 1000", config="{{ order }}"),
        noop("end", "gift", "bill", config={"gift": "{{ gift }}", "bill": "{{ bill ?? null }}"}),
    )
    assert done.output == {"end": {"gift": "a pen for 120", "bill": None}}
    assert (await statuses(done.run))["bill"] == "skipped"


async def test_a_step_is_passed_over_and_a_filter_ends_the_steps(client: Client) -> None:
    steps = [
        noop("a", config=1),
        noop("passed", when="a > 1"),
        noop("b", config="{{ passed ?? 'nothing' }} of {{ a }}"),
        block("stop", "filter", {"if": "a > 1"}),
        noop("never"),
    ]
    run = await client.start({"steps": steps, "output": "{{ b }}"})
    assert (await ended(run)).output == "nothing of 1"
    found = await statuses(run)
    assert [found[name] for name in ("passed", "b", "never")] == ["skipped", "completed", "skipped"]


async def test_transform_makes_values_of_values(client: Client) -> None:
    done = await run_of(
        client,
        ORDER,
        noop("my-list", config=[3, 1, 2]),
        block("sum", "transform", {"expression": "order.lines.reduce((sum, {price}) => sum + price, 0)"}),
        block("sorted", "transform", {"expression": "[...blocks['my-list']].sort().map(n => `${n} of ${sum}`)"}),
        block("set", "transform", {"set": {"all": "{{ sorted }}", "first": "{{ sorted[0] }}"}}),
    )
    assert done.output == {"set": {"all": ["1 of 120", "2 of 120", "3 of 120"], "first": "1 of 120"}}


@pytest.mark.parametrize(
    ("join", "fails", "expected"),
    [
        ("all", False, "completed"),
        ("all", True, "skipped"),
        ("any", True, "completed"),
        ("always", True, "completed"),
    ],
)
async def test_joins(client: Client, join: str, fails: bool, expected: str) -> None:
    done = await run_of(
        client,
        noop("a"),
        noop("b", config="{{ input.x }}"),
        noop("caught", "b.error"),
        noop("end", "a", "b", join=join),
        value={} if fails else {"x": 1},
    )
    assert done.status == "completed"
    assert (await statuses(done.run))["end"] == expected


async def test_large_values_pass_through_branches(client: Client) -> None:
    done = await run_of(
        client,
        noop("big", config={"text": "{{ input }}", "n": 3}),
        noop("kept", when="big.text.length === 200000 && big.n === 3", config="{{ big.text }}"),
        block("size", "transform", {"expression": "kept.length"}),
        value="x" * 200_000,
        output={"size": "{{ size }}", "length": "{{ kept.length }}"},
    )
    assert done.output == {"size": 200_000, "length": 200_000}
