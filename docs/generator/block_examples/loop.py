"""What `loop` does, in a workflow."""

from docs.generator.block_examples._example import Example

EXAMPLE = Example(
    {
        "blocks": [
            {
                "id": "squares",
                "type": "loop",
                "config": {"items": [1, 2, 3], "as": "n"},
                "blocks": [{"id": "square", "type": "transform", "config": {"expression": "n * n"}}],
            }
        ],
        "output": "{{ squares }}",
    },
    [{"square": 1}, {"square": 4}, {"square": 9}],
)
