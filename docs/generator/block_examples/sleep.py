"""What `sleep` does, in a workflow."""

from docs.generator.block_examples._example import Example

EXAMPLE = Example(
    {"blocks": [{"id": "nap", "type": "sleep", "config": {"for": "200ms"}}]},
    {"nap": {"slept_ms": 200}},
)
