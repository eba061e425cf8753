"""What `wait` does, in a workflow."""

from docs.generator.block_examples._example import Example

EXAMPLE = Example(
    {
        "blocks": [
            {"id": "approval", "type": "wait", "config": {"timeout": "200ms"}},
            {"id": "late", "type": "noop", "needs": ["approval.error"], "config": "{{ error.code }}"},
        ]
    },
    {"late": "wait.timeout"},
    "Were the signal `approval` to come within that time, its data would be the output of the block.",
)
