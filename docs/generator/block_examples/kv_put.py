"""What `kv-put` does, in a workflow."""

from docs.generator.block_examples._example import Example

EXAMPLE = Example(
    {
        "steps": [
            {"id": "old", "type": "kv-get", "config": {"bucket": "examples", "key": "counter", "default": 41}},
            {
                "id": "keep",
                "type": "kv-put",
                "config": {
                    "bucket": "examples",
                    "key": "counter",
                    "value": "{{ old.value }}",
                    "if_revision": "{{ old.revision }}",
                },
            },
            {"id": "forget", "type": "kv-put", "config": {"bucket": "examples", "key": "counter", "delete": True}},
        ],
        "output": "{{ old.value }}",
    },
    41,
    "Had someone else written the key in between, `keep` would fail with `kv.changed`.",
)
