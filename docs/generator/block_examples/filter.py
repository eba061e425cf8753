"""What `filter` does, in a workflow."""

from docs.generator.block_examples._example import ORDER, Example

EXAMPLE = Example(
    {
        "blocks": [
            ORDER,
            {"id": "cheap", "type": "filter", "config": {"if": "order.lines.every(line => line.price < 50)"}},
            {"id": "ship", "type": "noop", "needs": ["cheap"]},
        ],
        "output": {"pass": "{{ cheap.pass }}", "shipped": "{{ ship ?? false }}"},
    },
    {"pass": False, "shipped": False},
)
