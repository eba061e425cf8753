"""What code of users adds to a task: `condition` beside `noop`, and both languages of `code` for comparison."""

import statistics
from typing import Any

from bench.product import timed
from gnatwork import Client

#: What the blocks are given, about 500 bytes.
_ORDER = {"total": 120, "customer": "ada@example.com", "lines": [{"sku": f"x{n}", "price": n} for n in range(16)]}
#: Blocks of each kind in a run.
_BLOCKS = 10
#: Kinds that take turns in a run, so that what else the machine does meets all of them alike.
_TOGETHER = (("noop", "condition"), ("noop", "javascript", "python"))

_KINDS: dict[str, tuple[str, dict[str, Any]]] = {
    "noop": ("noop", {"order": "{{ input }}"}),
    "condition": ("condition", {"if": "input.total > 100 && input.lines.some(line => line.price > 3)"}),
    "javascript": (
        "code",
        {
            "language": "javascript",
            "source": "function main(order) { return order.total > 100 }",
            "input": "{{ input }}",
        },
    ),
    "python": (
        "code",
        {"language": "python", "source": "def main(order):\n    return order['total'] > 100", "input": "{{ input }}"},
    ),
}


async def measure(client: Client, *, repeat: int) -> dict[str, float]:
    """Milliseconds by name: what a block takes an executor beyond a `noop`, and what a step of it takes of a run."""
    figures: dict[str, float] = {}
    for kinds in _TOGETHER:
        taken = await _taken(client, kinds, repeat)
        noop = statistics.median(taken["noop"])
        for kind in kinds[1:]:
            figures[f"{kind}_adds_executor_ms"] = round(statistics.median(taken[kind]) - noop, 3)
        figures.setdefault("noop_executor_ms", round(noop, 3))
    for kind in _KINDS:
        alone = await timed(client, _chain([kind] * _BLOCKS), repeat, _ORDER)
        figures[f"{kind}_ms_per_step"] = round(alone / _BLOCKS, 3)
    return figures


async def _taken(client: Client, kinds: tuple[str, ...], repeat: int) -> dict[str, list[float]]:
    """By kind, the milliseconds that blocks took the executor."""
    taken: dict[str, list[float]] = {kind: [] for kind in kinds}
    for round_ in range(repeat + 1):
        handle = await client.start(_chain(list(kinds) * _BLOCKS), input=_ORDER)
        await handle.result(60)
        for task in await handle.tasks():
            # In the first round, processes start.
            if round_ and task.started_at is not None and task.ended_at is not None:
                taken[task.task.split("-")[0]].append((task.ended_at - task.started_at) * 1000)
    return taken


def _chain(kinds: list[str]) -> dict[str, Any]:
    """Blocks of these kinds, one after the other."""
    blocks: list[dict[str, Any]] = []
    for number, kind in enumerate(kinds):
        type_, config = _KINDS[kind]
        block: dict[str, Any] = {"id": f"{kind}-{number}", "type": type_, "config": config}
        if blocks:
            before = blocks[-1]
            block["needs"] = [f"{before['id']}.true" if before["type"] == "condition" else before["id"]]
        blocks.append(block)
    return {"name": f"bench-code-{len(set(kinds))}-{kinds[0]}", "blocks": blocks}
