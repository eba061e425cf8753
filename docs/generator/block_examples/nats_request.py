"""What `nats-request` does, in a workflow."""

from docs.generator.block_examples._example import Example

EXAMPLE = Example(
    {
        "blocks": [
            {
                "id": "price",
                "type": "nats-request",
                "config": {"subject": "prices.get", "data": {"sku": "pen"}, "timeout": "2s"},
            },
            {"id": "unknown", "type": "noop", "needs": ["price.error"], "config": "{{ error.code }}"},
        ],
        "output": "{{ unknown }}",
    },
    "nats.no_responders",
    "With a service, such as `nats reply prices.get 20`, `price.data` would be what that answers.",
)
