"""What `email` does, in a workflow."""

from docs.generator.block_examples._example import Example

EXAMPLE = Example(
    {
        "blocks": [
            {
                "id": "mail",
                "type": "email",
                "config": {
                    "server": {"host": "127.0.0.1", "port": 1, "tls": "none"},
                    "from": "Shop <shop@example.com>",
                    "to": "ada@example.com",
                    "subject": "Your order",
                    "text": "It is on its way.",
                },
                "retry": {"max_attempts": 1},
            },
            {"id": "unsent", "type": "noop", "needs": ["mail.error"], "config": "{{ error.code }}"},
        ]
    },
    {"unsent": "email.connection"},
    "There is no server at this address, so the port `error` is taken."
    ' Write `"server": "{{ connections.mail }}"` for yours.',
)
