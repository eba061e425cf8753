"""What `delay` does, in a workflow."""

from docs.generator.block_examples._example import Example

EXAMPLE = Example(
    {
        "steps": [
            {"id": "pause", "type": "delay", "config": {"for": "200ms"}},
            {"id": "after", "type": "noop", "config": {"waited": True}},
        ]
    },
    {"after": {"waited": True}},
)
