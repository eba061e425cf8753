"""What `error` does, in a workflow."""

from docs.generator.block_examples._example import Example

EXAMPLE = Example(
    {
        "blocks": [
            {"id": "check", "type": "error", "config": {"code": "order.empty", "message": "The order has no lines."}},
            {"id": "tell", "type": "noop", "needs": ["check.error"], "config": "{{ error.code }}: {{ error.message }}"},
        ],
        "output": "{{ tell }}",
    },
    "order.empty: The order has no lines.",
)
