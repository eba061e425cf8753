"""What `group` does, in a workflow."""

from docs.generator.block_examples._example import Example

EXAMPLE = Example(
    {
        "blocks": [
            {
                "id": "both",
                "type": "group",
                "blocks": [
                    {"id": "one", "type": "noop", "config": {"n": 1}},
                    {"id": "two", "type": "noop", "config": {"n": 2}},
                ],
            }
        ],
        "output": "{{ both }}",
    },
    {"one": {"n": 1}, "two": {"n": 2}},
)
