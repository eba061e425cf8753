"""What `kv-get` does, in a workflow."""

from docs.generator.block_examples._example import Example

EXAMPLE = Example(
    {
        "steps": [
            {
                "id": "keep",
                "type": "kv-put",
                "config": {"bucket": "examples", "key": "last order", "value": {"number": 7}},
            },
            {"id": "kept", "type": "kv-get", "config": {"bucket": "examples", "key": "last order"}},
        ],
        "output": "{{ kept.value.number }}",
    },
    7,
)
