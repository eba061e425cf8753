"""Circles, and graphs at random."""

import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.definitions import compiled, faults_of, needs_of, noop

from gnatwork_schemas.definition import MAX_BLOCKS

IDS = [f"b{n}" for n in range(MAX_BLOCKS)]


def test_a_block_does_not_wait_for_itself() -> None:
    raw = {"blocks": [noop("a", needs=["a"])]}
    assert faults_of(raw) == [("/blocks/0/needs/0", "definition.cycle", "`a` waits for itself")]


def test_a_circle_is_listed() -> None:
    raw = {"blocks": [noop("x"), noop("a", needs=["x", "c"]), noop("b", needs=["a"]), noop("c", needs=["b.error"])]}
    ((pointer, code, message),) = faults_of(raw)
    assert (pointer, code) == ("/blocks/1/needs/1", "definition.cycle")
    assert message.startswith("`a` waits for `c` waits for `b` waits for `a`: none of them could start")


def test_what_waits_for_a_circle_is_not_blamed() -> None:
    raw = {"blocks": [noop("z", needs=["a"]), noop("a", needs=["b"]), noop("b", needs=["a"])]}
    assert [pointer for pointer, _, _ in faults_of(raw)] == ["/blocks/1/needs/0"]


def test_each_circle_is_told() -> None:
    raw = {
        "blocks": [
            noop("a", needs=["b"]),
            noop("b", needs=["a"]),
            noop("c", needs=["a", "d"]),
            noop("d", needs=["e"]),
            noop("e", needs=["d"]),
        ]
    }
    assert [pointer for pointer, _, _ in faults_of(raw)] == ["/blocks/0/needs/0", "/blocks/3/needs/0"]


@pytest.mark.parametrize(
    ("raw", "pointer", "waits"),
    [
        (
            {"blocks": [noop("a", config={"x": "{{ b }}"}), noop("b", config="{{ a }}")]},
            "/blocks/0/config/x",
            "`a` waits for `b` waits for `a`",
        ),
        (
            {"blocks": [noop("a", needs=["b"]), noop("b", config={"x": "{{ a.y }}"})]},
            "/blocks/1/config/x",
            "`b` waits for `a` waits for `b`",
        ),
        (
            {"steps": [noop("a", config="{{ c.y }}"), noop("b"), noop("c")]},
            "/steps/0/config",
            "`a` waits for `c` waits for `b` waits for `a`",
        ),
    ],
)
def test_a_circle_with_a_template_in_it_is_told_at_the_template(raw: Any, pointer: str, waits: str) -> None:
    ((found, code, message),) = faults_of(raw)
    assert (found, code) == (pointer, "template.not_upstream")
    assert f"can't be known here: {waits}" in message


def test_a_step_does_not_need_a_later_one() -> None:
    ((pointer, code, message),) = faults_of({"steps": [noop("a", needs=["b"]), noop("b")]})
    assert (pointer, code) == ("/steps/0/needs/0", "definition.cycle")
    assert "`a` waits for `b` waits for `a`" in message


def test_a_long_circle_is_shortened() -> None:
    raw = {"blocks": [noop(f"b{n}", needs=[f"b{(n + 1) % 1000}"]) for n in range(1000)]}
    ((_, code, message),) = faults_of(raw)
    assert code == "definition.cycle"
    assert "`b4` waits for … waits for `b996`" in message
    assert len(message) < 300


@pytest.mark.parametrize(
    "raw",
    [
        {"steps": list(map(noop, IDS))},
        {"blocks": [noop("b0"), *(noop(id_, needs=["b0"]) for id_ in IDS[1:])]},
        {"blocks": [noop("z", needs=IDS[1:]), *map(noop, IDS[1:])]},
    ],
    ids=["chain", "fan-out", "fan-in"],
)
def test_the_largest_definitions_take_little_time(raw: Any) -> None:
    started = time.process_time()
    assert len(compiled(raw).blocks) == MAX_BLOCKS
    assert time.process_time() - started < 10


@st.composite
def graphs(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Blocks in any order whose needs and templates only point back in some other order."""
    count = draw(st.integers(1, 12))
    blocks = []
    for index in range(count):
        earlier: st.SearchStrategy[list[str]] = st.just([])
        if index:
            earlier = st.lists(st.sampled_from([f"b{n}" for n in range(index)]), max_size=4)
        needs = [need + draw(st.sampled_from(["", ".out", ".error"])) for need in draw(earlier)]
        config = {str(n): f"{{{{ {id_}.x ?? 0 }}}}" for n, id_ in enumerate(draw(earlier))}
        blocks.append(noop(f"b{index}", needs=needs, config=config))
    return draw(st.permutations(blocks))


@given(graphs())
@settings(deadline=None)
def test_a_graph_without_circles_compiles_to_one_without_circles(blocks: list[dict[str, Any]]) -> None:
    control_block = compiled({"blocks": blocks})
    needs = {id_: {need.partition(".")[0] for need in of_block} for id_, of_block in needs_of(control_block).items()}
    assert list(needs) == [block["id"] for block in blocks]
    waiting = dict(needs)
    upstream: dict[str, set[str]] = {}
    while ready := [id_ for id_, of_block in waiting.items() if of_block <= upstream.keys()]:
        for id_ in ready:
            upstream[id_] = waiting.pop(id_).union(*(upstream[need] for need in needs[id_]))
    assert not waiting
    for block in blocks:
        explicit = {need.partition(".")[0] for need in block["needs"]}
        mentioned = {text.split()[1].removesuffix(".x") for text in block["config"].values()}
        assert mentioned <= upstream[block["id"]]
        assert explicit <= needs[block["id"]] <= explicit | mentioned


@given(st.lists(st.tuples(st.integers(0, 7), st.integers(0, 7)), max_size=20))
@settings(deadline=None)
def test_any_graph_compiles_or_names_its_circles(pairs: list[tuple[int, int]]) -> None:
    raw = {"blocks": [noop(f"b{n}", needs=[f"b{to}" for from_, to in pairs if from_ == n]) for n in range(8)]}
    reach = {n: {to for from_, to in pairs if from_ == n} for n in range(8)}
    for middle in range(8):
        for n in range(8):
            if middle in reach[n]:
                reach[n] |= reach[middle]
    if any(n in reach[n] for n in range(8)):
        assert {code for _, code, _ in faults_of(raw)} == {"definition.cycle"}
    else:
        compiled(raw)
