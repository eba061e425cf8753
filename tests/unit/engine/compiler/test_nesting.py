"""How deep blocks may nest, how many there may be, and nested definitions at random."""

from collections.abc import Iterator
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from support.definitions import compiled, noop, places_of

from gnatwork_engine.compiler import encode
from gnatwork_schemas.control_block import ControlBlock, ControlledBlock
from gnatwork_schemas.definition import MAX_BLOCKS, MAX_NESTING
from gnatwork_schemas.template import PathExpression, TemplateLeaf


def nested(depth: int, inner: dict[str, Any]) -> dict[str, Any]:
    for level in range(depth):
        inner = {"id": f"g{level}", "type": "group", "blocks": [inner]}
    return {"blocks": [inner]}


def test_blocks_nest_as_deep_as_the_limit() -> None:
    compiled(nested(MAX_NESTING, noop("a")))
    assert places_of(nested(MAX_NESTING + 1, noop("a"))) == [("/blocks/0" * 9 + "/blocks", "definition.too_large")]


def test_an_item_is_a_level() -> None:
    each = noop("a", for_each={"items": [1]})
    compiled(nested(MAX_NESTING - 1, each))
    assert places_of(nested(MAX_NESTING, each)) == [("/blocks/0" * 9 + "/for_each", "definition.too_large")]


def test_all_blocks_count() -> None:
    half = [noop(f"b{n}") for n in range(MAX_BLOCKS // 2)]
    group = {"id": "g", "type": "group", "blocks": half}
    compiled({"blocks": [group, *half[1:]]})
    assert places_of({"blocks": [group, *half]}) == [("/blocks/0/blocks", "definition.too_large")]
    assert places_of({"blocks": half, "on_failure": [noop("x"), *half]}) == [("/on_failure", "definition.too_large")]


#: Few ids, so that inner ones hide outer ones.
IDS = ["a", "b", "c", "d"]


@st.composite
def bodies(draw: st.DrawFn, depth: int = 0, seen: tuple[str, ...] = ()) -> list[dict[str, Any]]:
    """Blocks that mention only what comes before them, here or further out, and what loops bring."""
    blocks: list[dict[str, Any]] = []
    ids = draw(st.lists(st.sampled_from(IDS), unique=True, min_size=1, max_size=3))
    for id_ in ids:
        here = [block["id"] for block in blocks]
        # Those of this body that come later hide those of the bodies around it.
        known = [*here, *(name for name in seen if name not in ids)]
        kind = draw(
            st.sampled_from(["noop", "noop", "each", "loop", "until", "group"] if depth < 3 else ["noop", "each"])
        )
        config = {str(n): f"{{{{ {name}.x ?? 0 }}}}" for n, name in enumerate(draw(_some(known)))}
        block: dict[str, Any] = {"id": id_, "type": "noop", "needs": draw(_some(here))}
        if known and draw(st.sampled_from([False, True])):
            block["when"] = " || ".join(draw(_some(known, 1)))
        if kind == "each":
            block |= {"for_each": {"items": [1]}, "config": {**config, "i": "{{ item }}{{ index }}"}}
        elif kind == "noop":
            block["config"] = config
        else:
            roots = {"loop": ("item", "index"), "until": ("index",), "group": ()}[kind]
            inner = draw(bodies(depth + 1, tuple(dict.fromkeys((*known, *roots)))))
            loops = {"loop": {"items": [1]}, "until": {"until": "index > 3 || previous"}, "group": {}}
            block |= {"type": "group" if kind == "group" else "loop", "config": loops[kind], "blocks": inner}
        blocks.append(block)
    return blocks


def _some(names: list[str], least: int = 0) -> st.SearchStrategy[list[str]]:
    return st.lists(st.sampled_from(names), unique=True, min_size=least, max_size=3) if names else st.just([])


@given(bodies())
@settings(deadline=None, max_examples=200)
def test_nested_definitions_compile_to_what_holds_together(blocks: list[dict[str, Any]]) -> None:
    control_block = compiled({"blocks": blocks})
    assert ControlBlock.model_validate_json(encode(control_block)) == control_block
    _check_body(control_block.blocks, [])


#: Of each scope around, from the outermost in: the ids of its blocks, what roots it brings, and which blocks run before
#: what is looked at.
_Scopes = list[tuple[set[str], set[str], set[str]]]


def _check_body(blocks: tuple[ControlledBlock, ...], outer: _Scopes, roots: frozenset[str] = frozenset()) -> None:
    ids = {block.id for block in blocks}
    assert len(ids) == len(blocks)
    before: dict[str, set[str]] = {}
    waiting = list(blocks)
    while waiting:
        ready = [block for block in waiting if {need.block for need in block.needs} <= before.keys()]
        assert ready, "a need does not exist, or there is a circle"
        for block in ready:
            waiting.remove(block)
            needs = {need.block for need in block.needs}
            before[block.id] = needs.union(*(before[need] for need in needs))
            _check_block(block, [*outer, (ids, set(roots), before[block.id])])


def _check_block(block: ControlledBlock, scopes: _Scopes) -> None:
    _check_leaves(block.templates, scopes)
    if not block.loop:
        _check_body(block.blocks, scopes)
        return
    roots = {"index", "item"} if block.loop.over == "items" else {"index", "previous"}
    if condition := block.loop.condition:
        ids = {inner.id for inner in block.blocks}
        _check_leaves(condition.templates, [*scopes, (ids, roots, ids)])
    _check_body(block.blocks, scopes, frozenset(roots))


def _check_leaves(leaves: tuple[TemplateLeaf, ...], scopes: _Scopes) -> None:
    for path, up in _paths(leaves):
        ids, roots, before = scopes[len(scopes) - 1 - up]
        if path[0] == "blocks":
            assert path[1] in ids & before
            assert all(path[1] not in inner[0] for inner in scopes[len(scopes) - up :]), "an inner one hides it"
        else:
            assert path[0] in roots


def _paths(leaves: tuple[TemplateLeaf, ...]) -> Iterator[tuple[tuple[str | int, ...], int]]:
    for leaf in leaves:
        for part in leaf.parts:
            if isinstance(part, PathExpression):
                yield part.path, part.up
