"""What `response` does, in a workflow."""

from docs.generator.block_examples._example import Example

EXAMPLE = Example(
    {
        "blocks": [
            {"id": "answer", "type": "response", "config": {"status": 201, "body": {"run": "{{ run.workflow }}"}}}
        ]
    },
    {"run": "adhoc"},
)
