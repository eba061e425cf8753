"""The work that both systems do."""

from typing import Any

#: Blocks of a linear run.
STEPS = 10
#: Blocks of a fan-out, the join not counted.
WIDTH = 100
#: Blocks that hand a large value on.
LARGE_STEPS = 5
#: Bytes of the large value.
LARGE = 100_000
#: The text that each block hands on, 150 bytes.
TEXT = "x" * 150


def linear() -> dict[str, Any]:
    """Ten blocks, each taking its text from the one before."""
    first = {"id": "step0", "type": "noop", "config": {"text": TEXT, "step": 0}}
    others = [
        {"id": f"step{n}", "type": "noop", "config": {"text": f"{{{{ step{n - 1}.text }}}}", "step": n}}
        for n in range(1, STEPS)
    ]
    return {"name": "bench-linear", "blocks": [first, *others]}


def fan_out() -> dict[str, Any]:
    """A hundred blocks at once, and one that waits for them all."""
    wide = [{"id": f"wide{n}", "type": "noop", "config": {"text": TEXT, "step": n}} for n in range(WIDTH)]
    join = {"id": "join", "type": "noop", "needs": [block["id"] for block in wide]}
    return {"name": "bench-fan-out", "blocks": [*wide, join]}


def large() -> dict[str, Any]:
    """A large value through five blocks."""
    first = {"id": "step0", "type": "noop", "config": {"text": "{{ input.text }}"}}
    others = [
        {"id": f"step{n}", "type": "noop", "config": {"text": f"{{{{ step{n - 1}.text }}}}"}}
        for n in range(1, LARGE_STEPS)
    ]
    return {"name": "bench-large", "blocks": [first, *others]}


def each(tasks: int) -> dict[str, Any]:
    """A block for each of many items, and one that looks at all results."""
    items = f"Array.from({{length: {tasks}}}, (_, index) => index)"
    return {
        "name": "bench-each",
        "blocks": [
            {"id": "items", "type": "transform", "config": {"expression": items}},
            {
                "id": "each",
                "type": "noop",
                "for_each": {"items": "{{ items }}", "concurrency": 100, "max_items": tasks},
                "config": {"number": "{{ item }}"},
            },
            {"id": "count", "type": "transform", "config": {"expression": "each.length"}},
        ],
        "output": "{{ count }}",
    }


def parked() -> dict[str, Any]:
    """A run that waits for a signal."""
    return {
        "name": "bench-parked",
        "blocks": [{"id": "go", "type": "wait"}, {"id": "on", "type": "noop", "needs": ["go"]}],
    }
