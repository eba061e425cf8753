"""What `llm` does, in a workflow."""

from docs.generator.block_examples._example import SITE, Example

EXAMPLE = Example(
    {
        "blocks": [
            {
                "id": "mood",
                "type": "llm",
                "config": {
                    "connection": {"base_url": f"{SITE}/v1"},
                    "model": "parrot",
                    "prompt": "What a lovely day!",
                    "schema": {
                        "type": "object",
                        "properties": {"mood": {"enum": ["good", "bad"]}, "words": {"type": "integer"}},
                        "required": ["mood", "words"],
                    },
                },
            }
        ],
        "output": "{{ mood.data }}",
    },
    {"mood": "good", "words": 4},
    'The site has a model of its own, which counts words. Write `"connection": "{{ connections.openai }}"` for yours.',
)
