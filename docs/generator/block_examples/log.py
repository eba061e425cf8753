"""What `log` does, in a workflow."""

from docs.generator.block_examples._example import Example

EXAMPLE = Example(
    {
        "steps": [
            {
                "id": "say",
                "type": "log",
                "config": {"message": "The order has come.", "fields": {"number": 7}, "value": 7},
            },
            {"id": "after", "type": "noop", "config": "{{ say }}"},
        ]
    },
    {"after": 7},
    "`gnatwork run logs` shows the line.",
)
