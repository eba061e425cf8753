"""What `noop` does, in a workflow."""

from docs.generator.block_examples._example import Example

EXAMPLE = Example(
    {"blocks": [{"id": "same", "type": "noop", "config": {"answer": 42}}]},
    {"same": {"answer": 42}},
)
