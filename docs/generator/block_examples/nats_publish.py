"""What `nats-publish` does, in a workflow."""

from docs.generator.block_examples._example import Example

EXAMPLE = Example(
    {
        "blocks": [{"id": "tell", "type": "nats-publish", "config": {"subject": "orders.paid", "data": {"number": 7}}}],
        "output": "{{ tell.subject }}",
    },
    "orders.paid",
    "`nats sub orders.paid` shows the message.",
)
