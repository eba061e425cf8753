"""What `transform` does, in a workflow."""

from docs.generator.block_examples._example import ORDER, Example

EXAMPLE = Example(
    {
        "blocks": [
            ORDER,
            {
                "id": "sum",
                "type": "transform",
                "config": {
                    "set": {"lines": "{{ order.lines }}"},
                    "expression": "({ lines }) => lines.reduce((sum, line) => sum + line.price, 0)",
                },
            },
        ],
        "output": "{{ sum }}",
    },
    120,
)
