"""Control blocks of every shape, for property tests: drawn block by block, so that they shrink well."""

from collections.abc import Sequence
from typing import Any

from hypothesis import strategies as st

from gnatwork_schemas.control_block import ControlBlock, ControlledBlock
from gnatwork_schemas.definition import Retry
from support.story import (
    block,
    concurrency,
    condition,
    delay,
    each,
    group,
    loop,
    rate,
    script,
    undo,
    wait,
    when,
    workflow,
)

_KINDS = ("task",) * 4 + ("condition", "filter", "each", "loop", "loop", "group", "delay", "wait", "workflow", "script")
_LEAVES = ("task", "task", "delay", "wait", "workflow", "script")
_NAMES = "abcdef"
_DEEPEST = 3


@st.composite
def control_blocks(draw: st.DrawFn) -> ControlBlock:
    """With whatever a control block may have."""
    on_failure = draw(bodies(depth=2, most=2)) if draw(st.integers(0, 3)) == 3 else ()
    return ControlBlock(
        workflow="story",
        blocks=draw(bodies()),
        on_failure=on_failure,
        timeout=draw(st.sampled_from([None, None, 30.0])),
        concurrency=draw(st.sampled_from([None, None, None, concurrency(2), concurrency(1, "reject")])),
        rate_limit=draw(st.sampled_from([None, None, None, rate(2, 5.0)])),
    )


@st.composite
def bodies(draw: st.DrawFn, depth: int = 0, most: int = 6) -> tuple[ControlledBlock, ...]:
    """The blocks of one scope."""
    blocks: list[ControlledBlock] = []
    for name in _NAMES[: draw(st.integers(1, most)) if depth == 0 else draw(st.sampled_from([2, 1, 3]))]:
        blocks += draw(_blocks(name, [one for one in blocks if ":" not in one.id], depth))
    return tuple(blocks)


@st.composite
def _blocks(draw: st.DrawFn, name: str, before: Sequence[ControlledBlock], depth: int) -> tuple[ControlledBlock, ...]:
    needs = draw(st.lists(st.sampled_from(before), max_size=2, unique_by=lambda one: one.id)) if before else []
    kinds = _KINDS if depth < _DEEPEST else _LEAVES
    made = draw(_made(name, draw(st.sampled_from(kinds)), [need.id for need in needs], depth))
    ports = [need.id + draw(st.sampled_from(_ports(need))) for need in needs]
    placed = block(name, *ports)
    fields = {
        "needs": placed.needs,
        "join": draw(st.sampled_from(["all", "all", "all", "any", "always"])),
        "on_error": draw(st.sampled_from(["fail", "fail", "fail", "continue"])),
    }
    found = made.model_copy(update=fields)
    return when(found) if made.kind == "task" and draw(st.integers(0, 7)) == 7 else (found,)


def _ports(need: ControlledBlock) -> list[str]:
    return ["", "", "", ".error", *([".true", ".false"] if need.routes == "port" else [])]


@st.composite
def _made(draw: st.DrawFn, name: str, kind: str, needs: Sequence[str], depth: int) -> ControlledBlock:
    """A block without its place."""
    if kind in {"each", "loop", "group"}:
        return draw(_container(name, kind, depth))
    if kind in {"delay", "wait", "workflow"}:
        return draw(_steered(name, kind, needs))
    if kind == "script":
        args = f"{{{{ {needs[0]} ?? null }}}}" if needs else "{{ input }}"
        most, at_once = draw(st.sampled_from([3, 100])), draw(st.integers(1, 3))
        return script(name, args=args, max_steps=most, concurrency=at_once, compensate=_undo(draw, name))
    if kind in {"condition", "filter"}:
        return condition(name) if kind == "condition" else block(name, routes="pass")
    config = {f"v{number}": f"{{{{ {need} ?? null }}}}" for number, need in enumerate(needs)}
    if draw(st.integers(0, 15)) == 15:
        config["missing"] = "{{ input.nothing }}"
    scarce = draw(st.sampled_from([{}, {}, {"type": "scarce", "type_concurrency": 2}]))
    plain = draw(st.sampled_from([False, False, True]))
    return block(name, config=config, retry=_retry(draw), compensate=_undo(draw, name), plain=plain, **scarce)


@st.composite
def _container(draw: st.DrawFn, name: str, kind: str, depth: int) -> ControlledBlock:
    rules: dict[str, Any] = {
        "concurrency": draw(st.integers(1, 3)),
        "on_item_error": draw(st.sampled_from(["fail", "continue"])),
    }
    if kind == "each":
        return each(draw(_made(name, draw(st.sampled_from(_LEAVES)), (), _DEEPEST)), **rules)
    inside = draw(bodies(depth=depth + 1))
    if kind == "group":
        return group(name, *inside)
    over = draw(st.sampled_from(["items", "items", "while", "until"]))
    config = {"before": '{{ previous.a ?? "none" }}', "index": "{{ index }}"}
    return loop(name, *inside, over=over, config=config, max_iterations=3, **rules)


@st.composite
def _steered(draw: st.DrawFn, name: str, kind: str, needs: Sequence[str]) -> ControlledBlock:
    match kind:
        case "delay":
            return delay(name, for_=draw(st.sampled_from([0, 5])))
        case "wait":
            named: bool = draw(st.booleans())
            timeout: dict[str, Any] = draw(st.sampled_from([{}, {"timeout": 5}]))
            return wait(name, signal=f'{{{{ {needs[0]} ?? "go" }}}}' if needs and named else "go", **timeout)
        case _:
            patience = draw(st.sampled_from([None, 5.0]))
            waits = draw(st.sampled_from([True, True, False]))
            return workflow(name, wait=waits, patience=patience, retry=_retry(draw), compensate=_undo(draw, name))


def _retry(draw: st.DrawFn) -> Retry:
    return Retry(max_attempts=draw(st.sampled_from([1, 1, 2])))


def _undo(draw: st.DrawFn, name: str) -> ControlledBlock | None:
    scarce = draw(st.sampled_from([{}, {"type": "scarce", "type_concurrency": 2}]))
    plain = draw(st.sampled_from([False, False, True]))
    undone = undo(name, config={"was": f"{{{{ {name} }}}}"}, retry=_retry(draw), plain=plain, **scarce)
    return draw(st.sampled_from([None, None, undone]))
