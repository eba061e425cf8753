"""What `workflow` does, in a workflow."""

from docs.generator.block_examples._example import Example

EXAMPLE = Example(
    {
        "blocks": [
            {"id": "child", "type": "workflow", "config": {"name": "greeting", "input": {"name": "Ada"}}},
        ],
        "output": "{{ child }}",
    },
    {"hello": {"to": "Ada"}},
    'It takes a stored workflow `greeting` with the block `{"id": "hello", "type": "noop", "config":'
    ' {"to": "{{ input.name }}"}}`.',
)
