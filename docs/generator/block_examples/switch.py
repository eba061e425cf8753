"""What `switch` does, in a workflow."""

from docs.generator.block_examples._example import ORDER, Example

EXAMPLE = Example(
    {
        "blocks": [
            ORDER,
            {
                "id": "size",
                "type": "switch",
                "config": {
                    "cases": {"large": "order.total > 1000", "medium": "order.total > 100"},
                    "default": "small",
                },
            },
        ],
        "output": "{{ size.port }}",
    },
    "medium",
)
