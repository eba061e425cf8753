"""What `split` does, in a workflow."""

from docs.generator.block_examples._example import Example

EXAMPLE = Example(
    {
        "blocks": [
            {
                "id": "letters",
                "type": "split",
                "config": {"text": "ada@example.com, bob@example.com, eve@example.com", "separator": ",", "size": 2},
            },
            {
                "id": "send",
                "type": "loop",
                "config": {"items": "{{ letters }}", "as": "batch"},
                "blocks": [{"id": "count", "type": "noop", "config": "{{ batch.length }}"}],
            },
        ],
        "output": "{{ send }}",
    },
    [{"count": 2}, {"count": 1}],
)
