"""What `hook` does, in a workflow."""

from docs.generator.block_examples._example import SITE, Example

EXAMPLE = Example(
    {
        "blocks": [
            {
                "id": "tell",
                "type": "hook",
                "config": {
                    "url": f"{SITE}/hook",
                    "body": {"run": "{{ run.id }}"},
                    "secret": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
                },
            }
        ],
        "output": "{{ tell.status }}",
    },
    200,
)
