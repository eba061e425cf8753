"""What `fetch` does, in a workflow."""

from docs.generator.block_examples._example import SITE, Example

EXAMPLE = Example(
    {
        "blocks": [
            {
                "id": "weather",
                "type": "fetch",
                "config": {"url": f"{SITE}/weather/lisbon"},
                "retry": {"max_attempts": 3},
                "timeout": "10s",
            }
        ],
        "output": {"status": "{{ weather.status }}", "sky": "{{ weather.body.sky }}"},
    },
    {"status": 200, "sky": "sunny"},
)
