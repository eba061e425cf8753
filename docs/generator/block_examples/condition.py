"""What `condition` does, in a workflow."""

from docs.generator.block_examples._example import ORDER, Example

EXAMPLE = Example(
    {
        "blocks": [
            ORDER,
            {"id": "large", "type": "condition", "config": {"if": "order.total > 100"}},
            {"id": "gift", "type": "noop", "needs": ["large.true"], "config": "a pen"},
        ],
        "output": {"port": "{{ large.port }}", "gift": "{{ gift }}"},
    },
    {"port": "true", "gift": "a pen"},
)
